"""Durable timers: due dates in the database, fired once each in the transaction of their effect."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from opentelemetry.trace import SpanKind
from sqlalchemy import Row, text

from chassis.database import Database
from chassis.ids import Origin, id_at
from chassis.logs import about, logger
from chassis.processing import failure
from chassis.telemetry import current_trace_id, resume, span
from chassis.transaction import Transaction
from chassis.workers import pause

log = logger(__name__)

CHUNK_LIMIT = 100
"""Timers fired in one transaction: a commit each would take most of the time."""
IDLE_SECONDS = 0.5

DUE = text(
    """
    SELECT id, kind, subject_id, due_at, data, trace FROM timer
    WHERE state = 'waiting' AND coalesce(retry_at, due_at) <= statement_timestamp()
    ORDER BY coalesce(retry_at, due_at) LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)
"""Found by the index and read in its order, so that it costs nothing how many wait for a later day, or for the same
one: no index serves a comparison with `clock_timestamp()`, which may differ from row to row."""
_ONE = text(
    """
    SELECT id, kind, subject_id, due_at, data, trace FROM timer
    WHERE id = :id AND state = 'waiting' FOR UPDATE SKIP LOCKED
    """
)
_FIRED = text("UPDATE timer SET state = 'fired' WHERE id = ANY(CAST(:ids AS uuid[]))")
_FAILED = text(
    """
    UPDATE timer SET attempts = attempts + 1, last_error = :error,
           retry_at = clock_timestamp() + make_interval(secs => least(3600, 2 ^ least(attempts, 12)))
    WHERE id = :id AND state = 'waiting'
    """
)


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that fell due."""

    kind: str
    subject_id: UUID
    due_at: datetime
    data: dict[str, Any]


TimerHandler = Callable[[Transaction, Timer], Awaitable[None]]


class Timers:
    """The timer handlers of one service."""

    def __init__(self) -> None:
        self._handlers: dict[str, TimerHandler] = {}

    def on(self, kind: str) -> Callable[[TimerHandler], TimerHandler]:
        """Register the handler of one kind."""

        def register(handler: TimerHandler) -> TimerHandler:
            self._handlers[kind] = handler
            return handler

        return register

    async def fire_due(self, database: Database) -> int:
        """Fire those due longest, at most `CHUNK_LIMIT`; returns how many. A failing one is tried again later.

        When one of them fails, or their commit, each is fired alone: none takes another with it.
        """
        rows: Sequence[Row[Any]] = []
        try:
            async with database.transaction(planned_once=True) as tx:
                rows = await tx.fetch_all(DUE, {"limit": CHUNK_LIMIT})
                # In the order of their subjects, as whoever works on a list of the same subjects locks them.
                for row in sorted(rows, key=lambda row: (row.subject_id, row.due_at)):
                    await self._fire(tx, row)
                if rows:
                    await tx.execute(_FIRED, {"ids": [row.id for row in rows]})
        except Exception:
            if not rows:
                raise
            for row in rows:
                await self._fire_alone(database, row)
        return len(rows)

    async def _fire_alone(self, database: Database, due: Row[Any]) -> None:
        try:
            async with database.transaction(planned_once=True) as tx:
                row = await tx.fetch_one(_ONE, {"id": due.id})
                if row is not None:
                    await self._fire(tx, row)
                    await tx.execute(_FIRED, {"ids": [row.id]})
        except Exception as error:
            # In a transaction of its own, since nothing is left of the other; raises when the database is away.
            case_id = due.trace.get("case_id")
            with about(trace_id=current_trace_id(resume(due.trace)), timer_id=due.id, case_id=case_id):
                async with database.transaction() as tx:
                    await tx.execute(_FAILED, {"id": due.id, "error": failure(error)[0]})
                log.error("timer_failed", kind=due.kind, exc_info=error)

    async def _fire(self, tx: Transaction, row: Row[Any]) -> None:
        timer = Timer(row.kind, row.subject_id, row.due_at, row.data)
        # Not the row's id: a timer set again after a restore is the same timer. It may also be set again after it has
        # fired, and then tells something new.
        tx.act_for(Origin(id_at(row.due_at, row.kind, row.subject_id), tells_once=False))
        ids = {"subject_id": str(timer.subject_id)}
        if "case_id" in row.trace:
            ids["case_id"] = row.trace["case_id"]
        with span(f"timer {timer.kind}", SpanKind.INTERNAL, resume(row.trace), **ids):
            await self._handlers[timer.kind](tx, timer)

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Fire timers as they fall due, until told to stop."""
        while not stopping.is_set():
            # Those that fall due one by one are fired a few at a time: nobody waits for the very moment.
            if await self.fire_due(database) < CHUNK_LIMIT:
                await pause(stopping, IDLE_SECONDS)
