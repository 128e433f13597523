"""Into which log this database's events were published; a broker that comes back with another one gets none of them.

A consumer that reads the new log from its beginning would meet new events without the old ones before them. So the
relay waits until an operator orders to republish, and then everything in the archive is unpublished again.
"""

import asyncio
from typing import Any

import asyncpg

UNPUBLISH_CHUNK = 5000
"""Events marked in one transaction: a long one would keep readers of the archive and other orders waiting."""

_KNOWN = "SELECT log_identity, republish_into FROM published_log FOR UPDATE"
_ANYTHING_PUBLISHED = "SELECT EXISTS (SELECT 1 FROM outbox WHERE published_at IS NOT NULL)"
_NOTE_REPLACED = "UPDATE published_log SET replaced_by = $1 WHERE replaced_by IS DISTINCT FROM $1"
_NOTE_OURS = """
    UPDATE published_log SET replaced_by = NULL, republish_into = NULL
    WHERE replaced_by IS NOT NULL OR republish_into IS NOT NULL
"""
_UNPUBLISH = """
    WITH chunk AS (SELECT position FROM outbox WHERE position > $1 ORDER BY position LIMIT $2),
    bounds AS (SELECT max(position) AS until FROM chunk),
    unpublished AS (
        UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL
        AND position > $1 AND position <= (SELECT until FROM bounds))
    SELECT until FROM bounds
"""
_SETTLE = """
    INSERT INTO published_log (log_identity) VALUES ($1)
    ON CONFLICT (single) DO UPDATE SET log_identity = excluded.log_identity, since = clock_timestamp(),
                                       replaced_by = NULL, republish_into = NULL
"""


async def may_publish_into(connection: "asyncpg.Connection[Any]", log_identity: str, stopping: asyncio.Event) -> bool:
    """Whether the events belong into this log; asked by the leading relay before it sends anything.

    The first log is remembered. Another one is noted as its replacement; once an operator has ordered to republish
    into exactly that one, all events are marked unpublished, and then it is remembered. A relay that stops in between
    leaves the order in place, and the next one goes on: nothing is sent before the end, so nothing is marked anew.
    """
    async with connection.transaction():
        known = await connection.fetchrow(_KNOWN)
        if known is not None and known["log_identity"] == log_identity:
            await connection.execute(_NOTE_OURS)
            return True
        ordered = None if known is None else known["republish_into"]
        if ordered != log_identity:
            # An order for a third log may have left nothing published: that is no archive without a past.
            if known is None or (ordered is None and not await connection.fetchval(_ANYTHING_PUBLISHED)):
                await connection.execute(_SETTLE, log_identity)
                return True
            await connection.execute(_NOTE_REPLACED, log_identity)
            return False
    return await _republish(connection, log_identity, stopping)


async def _republish(connection: "asyncpg.Connection[Any]", log_identity: str, stopping: asyncio.Event) -> bool:
    position: int | None = 0
    while not stopping.is_set():
        position = await connection.fetchval(_UNPUBLISH, position, UNPUBLISH_CHUNK)
        if position is None:
            await connection.execute(_SETTLE, log_identity)
            return True
    return False
