"""What a restored service could not bring about again by itself, as its own database knows it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit, urlunsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import asyncpg
import orjson

from chassis.auth import ALL_AGENCIES
from chassis.ids import new_id

_STATE = "SELECT restored_at, adopted_at, caught_up_at FROM restoration"
_MISSING = """
    SELECT o.event_id, o.type, o.subject, o.correlation_id AS case_id, o.body, o.recorded_at, adopted.settlement
    FROM adopted_event AS adopted JOIN outbox AS o USING (event_id)
    WHERE adopted.settled_at IS NULL OR adopted.settlement = 'told_differently'
    ORDER BY o.position
"""
_ENTERED = """
    UPDATE adopted_event SET settled_at = clock_timestamp(), settlement = 'entered_again'
    WHERE event_id = ANY($1::uuid[]) AND (settled_at IS NULL OR settlement = 'told_differently') RETURNING event_id
"""
_SERVE = """
    UPDATE restoration SET caught_up_at = clock_timestamp() WHERE adopted_at IS NOT NULL AND caught_up_at IS NULL
    RETURNING true
"""
_AUDIT = "INSERT INTO audit (id, actor, agency, operation, resource_id) VALUES ($1, $2, $3, $4, $5)"


class NotMissing(Exception):
    """These events are not among what is missing; nothing was noted."""

    def __init__(self, event_ids: Sequence[UUID]) -> None:
        super().__init__(", ".join(map(str, event_ids)))


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact the world was told and this database does not stand for."""

    event_id: UUID
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
        missing = [_missing(row) for row in await connection.fetch(_MISSING)]
    adopted, caught_up = state["adopted_at"] is not None, state["caught_up_at"] is not None
    return Reconciliation(state["restored_at"], adopted, caught_up, tuple(missing))


def _missing(row: asyncpg.Record) -> MissingFact:
    fact = orjson.loads(row["body"])
    return MissingFact(
        event_id=row["event_id"],
        type=row["type"],
        subject=UUID(row["subject"]),
        case_id=row["case_id"],
        agency=fact["agency"],
        occurred_on=date.fromisoformat(fact["occurred_on"]),
        told_at=row["recorded_at"],
        is_different=row["settlement"] is not None,
    )


async def settle(superuser_url: str, service: str, event_ids: Sequence[UUID], *, actor: str) -> None:
    """Note on record that these facts were entered again, or found right as they are. Raises NotMissing."""
    wanted = set(event_ids)
    async with _connected(superuser_url, service) as connection, connection.transaction():
        noted = {row["event_id"] for row in await connection.fetch(_ENTERED, list(wanted))}
        if noted != wanted:
            raise NotMissing(sorted(wanted - noted))
        for event_id in sorted(noted):
            await connection.execute(_AUDIT, new_id(), actor, ALL_AGENCIES, "event.entered-again", event_id)


async def serve(superuser_url: str, service: str, *, actor: str) -> None:
    """Let the service act although it has not caught up, since somebody decided so, on record."""
    async with _connected(superuser_url, service) as connection, connection.transaction():
        if await connection.fetchval(_SERVE):
            restored = uuid5(NAMESPACE_URL, f"restoration/{service}")
            await connection.execute(_AUDIT, new_id(), actor, ALL_AGENCIES, "restoration.served-behind", restored)


@asynccontextmanager
async def _connected(superuser_url: str, database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urlunsplit(urlsplit(superuser_url)._replace(path=f"/{database}")))
    try:
        yield connection
    finally:
        await connection.close()
