"""Totals of two generations: rows and an order-independent hash of every table, events heard, messages parked."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.projection import Projection

EVENTS = "events heard"
PARKED = "messages parked"

_LIMIT = text("SELECT set_config('statement_timeout', :limit, true)")
_INBOX = """
    SELECT count(*) AS rows, coalesce(sum(hashtextextended(source || event_id::text, 0)::numeric), 0) AS hash
    FROM inbox WHERE consumer = :consumer
"""
_WAITING = """
    SELECT count(*) AS rows,
           coalesce(sum(hashtextextended(concat_ws('/', topic, key, type), 0)::numeric), 0) AS hash
    FROM parked_message WHERE consumer = :consumer AND redriven_at IS NULL
"""
_TABLE = """
    SELECT count(*) AS rows, coalesce(sum(hashtextextended(counted::text, 0)::numeric), 0) AS hash FROM {} AS counted
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rows, and the sum of their hashes: equal for equal rows in whatever order they were written."""

    rows: int
    hash: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a comparison, equal or not."""

    what: str
    live: Totals
    rebuilt: Totals

    @property
    def equal(self) -> bool:
        """Whether both generations hold the same."""
        return self.live == self.rebuilt


@dataclass(frozen=True, slots=True)
class Comparison:
    """All totals of two generations, as of one moment."""

    lines: Sequence[Difference]

    @property
    def equal(self) -> bool:
        """Whether the rebuilt generation holds what the live one holds, made of the same events."""
        return all(line.equal for line in self.lines)


async def limit_statements(connection: AsyncConnection, seconds: float) -> None:
    """From here to the end of the transaction no statement may take longer."""
    # Zero would mean no limit at all.
    await connection.execute(_LIMIT, {"limit": f"{max(1, int(seconds * 1000))}ms"})


async def compare(
    connection: AsyncConnection, projection: Projection, consumers: Mapping[str, str], deadline: float
) -> Comparison:
    """Compare the live generation with the next one, while nothing writes either.

    Raises DBAPIError (query canceled) when it is not done by the deadline (monotonic).
    """
    following = projection.in_state("next")
    lines = []
    for table in projection.tables:
        live = await _totals(connection, deadline, _TABLE.format(f'"{projection.schema}"."{table}"'))
        rebuilt = await _totals(connection, deadline, _TABLE.format(f'"{following.schema}"."{table}"'))
        lines.append(Difference(table, live, rebuilt))
    for what, statement in ((EVENTS, _INBOX), (PARKED, _WAITING)):
        live = await _totals(connection, deadline, statement, consumer=consumers["live"])
        rebuilt = await _totals(connection, deadline, statement, consumer=consumers["next"])
        lines.append(Difference(what, live, rebuilt))
    return Comparison(lines)


async def _totals(connection: AsyncConnection, deadline: float, statement: str, **parameters: Any) -> Totals:
    # What is left for all of them together.
    await limit_statements(connection, deadline - time.monotonic())
    row = (await connection.execute(text(statement), parameters)).one()
    return Totals(row.rows, int(row.hash))
