"""What a restored service could not bring about again by itself, as its own database knows it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg

_STATE = "SELECT restored_at, adopted_at, caught_up_at FROM restoration"
_MISSING = """
    SELECT o.type, o.subject, o.correlation_id AS case_id, told.body ->> 'agency' AS agency,
           (told.body ->> 'occurred_on')::date AS occurred_on, o.recorded_at, adopted.settlement
    FROM adopted_event AS adopted JOIN outbox AS o USING (event_id)
         CROSS JOIN LATERAL (SELECT convert_from(o.body, 'UTF8')::jsonb AS body) AS told
    WHERE adopted.settled_at IS NULL OR adopted.settlement = 'told_differently'
    ORDER BY o.position
"""
_ENTERED = """
    UPDATE adopted_event SET settled_at = clock_timestamp(), settlement = 'entered_again'
    WHERE settled_at IS NULL OR settlement = 'told_differently'
"""
_SERVE = "UPDATE restoration SET caught_up_at = clock_timestamp() WHERE adopted_at IS NOT NULL AND caught_up_at IS NULL"


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact the world was told and this database does not stand for."""

    type: str
    subject: UUID
    case_id: UUID | None
    agency: str
    occurred_on: date
    told_at: datetime
    is_different: bool
    """The service did tell it again, but with another content: somebody must look which one is right."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Where the latest restore of one service stands."""

    restored_at: datetime
    is_adopted: bool
    is_caught_up: bool
    missing: tuple[MissingFact, ...]


async def reconciliation(superuser_url: str, service: str) -> Reconciliation | None:
    """What is known of the latest restore; None when there was none."""
    async with _connected(superuser_url, service) as connection:
        state = await connection.fetchrow(_STATE)
        if state is None:
            return None
        missing = [
            MissingFact(
                row["type"], UUID(row["subject"]), row["case_id"], row["agency"], row["occurred_on"],
                row["recorded_at"], row["settlement"] is not None,
            )
            for row in await connection.fetch(_MISSING)
        ]  # fmt: skip
    adopted, caught_up = state["adopted_at"] is not None, state["caught_up_at"] is not None
    return Reconciliation(state["restored_at"], adopted, caught_up, tuple(missing))


async def settle(superuser_url: str, service: str) -> int:
    """Note that everything missing was entered again or found right as it is; returns how much that was."""
    async with _connected(superuser_url, service) as connection:
        return int((await connection.execute(_ENTERED)).rsplit(" ", 1)[1])


async def serve(superuser_url: str, service: str) -> None:
    """Let the service act although it has not caught up, since somebody decided so."""
    async with _connected(superuser_url, service) as connection:
        await connection.execute(_SERVE)


@asynccontextmanager
async def _connected(superuser_url: str, database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urlunsplit(urlsplit(superuser_url)._replace(path=f"/{database}")))
    try:
        yield connection
    finally:
        await connection.close()
