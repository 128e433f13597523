"""Into which log this database's events were published; a broker that comes back with another one gets none of them.

A consumer that reads the new log from its beginning would meet new events without the old ones before them. So the
relay waits until an operator orders to republish, and then everything in the archive is unpublished again.
"""

from typing import Any

import asyncpg

_KNOWN = "SELECT log_identity, republish_into FROM published_log FOR UPDATE"
_ANYTHING_PUBLISHED = "SELECT EXISTS (SELECT 1 FROM outbox WHERE published_at IS NOT NULL)"
_NOTE_REPLACED = "UPDATE published_log SET replaced_by = $1 WHERE replaced_by IS DISTINCT FROM $1"
_UNPUBLISH_ALL = "UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL"
UNPUBLISH_SECONDS = 4 * 3600
"""The one statement of the relay that may be long: it touches every event there ever was."""
_SETTLE = """
    INSERT INTO published_log (log_identity) VALUES ($1)
    ON CONFLICT (single) DO UPDATE SET log_identity = excluded.log_identity, since = clock_timestamp(),
                                       replaced_by = NULL, republish_into = NULL
"""


async def may_publish_into(connection: "asyncpg.Connection[Any]", log_identity: str) -> bool:
    """Whether the events belong into this log; asked by the leading relay before it sends anything.

    The first log is remembered. Another one is noted as its replacement; once an operator has ordered to republish
    into exactly that one, all events are marked unpublished in the same transaction that remembers it.
    """
    async with connection.transaction():
        known = await connection.fetchrow(_KNOWN)
        if known is not None and known["log_identity"] == log_identity:
            await connection.execute(_NOTE_REPLACED, None)
            return True
        ordered = known is not None and known["republish_into"] == log_identity
        if ordered:
            await connection.execute(_UNPUBLISH_ALL, timeout=UNPUBLISH_SECONDS)
        if known is None or ordered or not await connection.fetchval(_ANYTHING_PUBLISHED):
            await connection.execute(_SETTLE, log_identity)
            return True
        await connection.execute(_NOTE_REPLACED, log_identity)
        return False
