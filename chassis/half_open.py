"""Sessions whose client fell silent in the middle of a statement: PostgreSQL keeps them, and their locks, for ever.

A statement that is sent for the first time travels in two parts, its text and then its values. Between the two the
session counts as active, so that neither the limit for idle transactions nor the one for statements ends it, and its
connection, broken somewhere on the way, looks whole from the server's side.
"""

import asyncio
from collections.abc import Sequence

from sqlalchemy import text

from chassis.database import STATEMENT_SECONDS, Database, is_transient
from chassis.logs import logger
from chassis.workers import pause

log = logger(__name__)

LOOK_SECONDS = 5.0
SILENT_SECONDS = STATEMENT_SECONDS + 5.0
"""Longer than any client of ours waits for the statement: nobody is there any more."""

_END = text(
    """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
    AND state = 'active' AND wait_event = 'ClientRead'
    AND query_start < statement_timestamp() - make_interval(secs => :seconds)
    """
)


async def end_half_open(database: Database) -> None:
    """End the sessions of this role in whose middle nothing was heard for so long."""
    async with database.transaction() as tx:
        ended = len(await tx.fetch_all(_END, {"seconds": SILENT_SECONDS}))
    if ended:
        log.warning("half_open_sessions_ended", count=ended)


async def watch(databases: Sequence[Database], stopping: asyncio.Event) -> None:
    """End them again and again, until told to stop."""
    while not stopping.is_set():
        for database in databases:
            try:
                await end_half_open(database)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("half_open_sessions_not_looked_for", error=type(error).__name__)
        await pause(stopping, LOOK_SECONDS)
