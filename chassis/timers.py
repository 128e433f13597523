"""Durable timers: due dates in the database, fired once each in the transaction of their effect."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from opentelemetry.trace import SpanKind
from sqlalchemy import Row, text

from chassis.database import Database, is_transient
from chassis.ids import Origin, id_at
from chassis.logs import about, logger
from chassis.processing import failure
from chassis.telemetry import current_trace_id, resume, span
from chassis.transaction import Transaction

log = logger(__name__)

CHUNK_LIMIT = 100
"""Timers fired in one transaction: a commit each would take most of the time."""

_DUE = text(
    """
    SELECT id, kind, subject_id, due_at, data, trace FROM timer
    WHERE state = 'waiting' AND coalesce(retry_at, due_at) <= clock_timestamp()
    ORDER BY coalesce(retry_at, due_at), due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)
_FIRED = text("UPDATE timer SET state = 'fired' WHERE id = :id")
_FAILED = text(
    """
    UPDATE timer SET attempts = attempts + 1, last_error = :error,
           retry_at = clock_timestamp() + make_interval(secs => least(3600, 2 ^ least(attempts, 12)))
    WHERE id = :id
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

    async def fire_due(self, database: Database) -> bool:
        """Fire those due longest, at most `CHUNK_LIMIT`; False when none is. A failing one is tried again later."""
        async with database.transaction() as tx:
            rows = await tx.fetch_all(_DUE, {"limit": CHUNK_LIMIT})
            # In the order of their subjects, as whoever works on a list of the same subjects locks them.
            in_lock_order = sorted(rows, key=lambda row: (row.subject_id, row.due_at))
            fired = [{"id": row.id} for row in in_lock_order if await self._fire(tx, row)]
            if fired:
                await tx.execute(_FIRED, fired)
        return bool(rows)

    async def _fire(self, tx: Transaction, row: Row[Any]) -> bool:
        """Run the handler in a savepoint of its own, so that one that fails takes nothing else with it."""
        timer = Timer(row.kind, row.subject_id, row.due_at, row.data)
        buffered = tx.events_count
        # Not the row's id: a timer set again after a restore is the same timer. It may also be set again after it has
        # fired, and then tells something new.
        tx.act_for(Origin(id_at(row.due_at, row.kind, row.subject_id), tells_once=False))
        try:
            with span(f"timer {timer.kind}", SpanKind.INTERNAL, resume(row.trace), subject_id=str(timer.subject_id)):
                async with tx.connection.begin_nested():
                    await self._handlers[timer.kind](tx, timer)
        except Exception as error:
            if is_transient(error):
                raise
            tx.forget_events(buffered)
            with about(trace_id=current_trace_id(resume(row.trace)), timer_id=row.id):
                log.error("timer_failed", kind=timer.kind, exc_info=error)
            await tx.execute(_FAILED, {"id": row.id, "error": failure(error)[0]})
            return False
        return True

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Fire timers as they fall due, until told to stop."""
        while not stopping.is_set():
            if not await self.fire_due(database):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), 0.5)
