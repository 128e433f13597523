"""Long work in chunks: each chunk one transaction, resumable from its cursor, yielding to single acts."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
from typing import Any
from uuid import UUID

import orjson
from opentelemetry.trace import SpanKind
from sqlalchemy import Row, text

from chassis.auth import Officer, Role
from chassis.database import Database, is_transient, plan_for_a_chunk
from chassis.ids import Origin
from chassis.logs import about, logger
from chassis.processing import failure
from chassis.telemetry import current_trace_id, resume, span
from chassis.transaction import Transaction
from chassis.workers import Presence, pause

log = logger(__name__)

CHUNK_LIMIT = 2000
"""Most rows a chunk may work on: a longer transaction would hold back single acts."""
PRESENT_CHUNK_LIMIT = 250
"""The same while somebody asks: what follows from a chunk, in all services, comes at once."""
REST_SHARE = 2.0
REST_LIMIT_SECONDS = 3.0
"""While somebody asks, a job rests twice as long as its chunk took, at most so long; others go on meanwhile."""
POLL_SECONDS = 0.3
"""How often is looked for a job that waits; sooner where one of this process's own rests, at the end of its rest."""
TRANSIENT_PAUSE_SECONDS = 5
"""How long a job stands aside when the outside failed, so that other jobs go first. It is never given up for that."""

_NEXT = text(
    """
    SELECT * FROM job WHERE state IN ('queued', 'running') AND coalesce(retry_at, created_at) <= statement_timestamp()
    AND (kind = ANY(:first) OR NOT :only_first)
    AND NOT EXISTS (SELECT FROM job AS before WHERE before.state = 'running' AND before.rests
                    AND before.retry_at > statement_timestamp() AND before.kind = job.kind AND before.id <> job.id)
    ORDER BY kind = ANY(:first) DESC, CASE WHEN rests THEN created_at ELSE coalesce(retry_at, created_at) END
    LIMIT 1 FOR UPDATE SKIP LOCKED
    """
)
"""Of two lists the one approved first is applied first: what rests keeps its place before later ones of its kind."""
_ADVANCE = text(
    """
    UPDATE job SET state = :state, done = done + :done, failed = failed + :failed, cursor = CAST(:cursor AS jsonb),
           total = coalesce(:total, total), attempts = 0, last_error = NULL,
           retry_at = CASE WHEN :aside OR :rests THEN clock_timestamp() + make_interval(secs => :rest_seconds) END,
           rests = :rests,
           started_at = coalesce(started_at, now()),
           finished_at = CASE WHEN :state = 'done' THEN clock_timestamp() END
    WHERE id = :id
    """
)
# Not after a cancellation: the chunk's own lock on the row is gone by now.
_FAIL = text(
    """
    UPDATE job SET attempts = attempts + 1, last_error = :error, rests = false,
           state = CASE WHEN attempts + 1 >= 5 THEN 'failed' ELSE state END,
           finished_at = CASE WHEN attempts + 1 >= 5 THEN clock_timestamp() END,
           retry_at = clock_timestamp() + make_interval(secs => 2 ^ attempts)
    WHERE id = :id AND state IN ('queued', 'running')
    """
)
_POSTPONE = text(
    """
    UPDATE job SET last_error = :error, rests = false, retry_at = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id = :id AND state IN ('queued', 'running')
    """
)
_OUTBOX_DEPTH = text(
    """
    SELECT count(*) FROM (
        SELECT 1 FROM outbox WHERE published_at IS NULL ORDER BY position LIMIT :limit) AS unsent
    """
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job at the start of a chunk."""

    id: UUID
    kind: str
    parameters: dict[str, Any]
    cursor: Any
    """What the previous chunk returned; None before the first."""
    done: int
    failed: int
    rows_limit: int
    """Most rows this chunk may work on."""


@dataclass(frozen=True, slots=True)
class JobStep:
    """What a chunk did."""

    done: int
    finished: bool
    failed: int = 0
    cursor: Any = None
    total: int | None = None
    aside: bool = False
    """Whether jobs that came meanwhile have a turn before its next chunk."""


JobHandler = Callable[[Transaction, Job], Awaitable[JobStep]]


class Jobs:
    """The job handlers of one service. A chunk acts in the name of the officer who started the job."""

    def __init__(self) -> None:
        self._handlers: dict[str, JobHandler] = {}
        self._not_cancellable: set[str] = set()
        self._first: set[str] = set()
        self._rests_until = -inf
        """When (monotonic) the rest of a job that this process worked on is over, the soonest."""

    def on(self, kind: str, *, cancellable: bool = True, first: bool = False) -> Callable[[JobHandler], JobHandler]:
        """Register the handler of one kind; not cancellable where half of it done would be no state at all.

        `first`: it goes before all other kinds, and runs however many events wait to be published.
        """

        def register(handler: JobHandler) -> JobHandler:
            self._handlers[kind] = handler
            if not cancellable:
                self._not_cancellable.add(kind)
            if first:
                self._first.add(kind)
            return handler

        return register

    @property
    def not_cancellable(self) -> tuple[str, ...]:
        """Kinds that must come to their end."""
        return tuple(sorted(self._not_cancellable))

    async def run_next(self, database: Database, outbox_depth_limit: int, *, present: bool = False) -> bool:
        """Run one chunk of the job whose turn it is, a short one where somebody is `present`; False if there is none.

        While the outbox is deeper than the limit only kinds that go first have a turn. Whatever fails, up to the
        commit itself, is kept with the job, and the next one has its turn.
        """
        row: Row[Any] | None = None
        try:
            # By the index, as the outbox is read: a plan from when it was empty would read all of it.
            async with database.transaction(planned_once=True) as tx:
                row = await self._next(tx, outbox_depth_limit)
                if row is not None:
                    await plan_for_a_chunk(tx)
                    await self._run_chunk(tx, row, present=present)
        except Exception as error:
            if row is None:
                raise
            await self._count_failure(database, row, error)
        return row is not None

    async def _next(self, tx: Transaction, outbox_depth_limit: int) -> Row[Any] | None:
        depth = await tx.scalar(_OUTBOX_DEPTH, {"limit": outbox_depth_limit + 1})
        return await tx.fetch_one(_NEXT, {"first": sorted(self._first), "only_first": depth > outbox_depth_limit})

    async def _run_chunk(self, tx: Transaction, row: Row[Any], *, present: bool) -> None:
        began, rows_limit = time.monotonic(), PRESENT_CHUNK_LIMIT if present else CHUNK_LIMIT
        with span(f"job {row.kind}", SpanKind.INTERNAL, resume(row.trace), job_id=str(row.id)):
            tx.officer = _officer(row.officer)
            tx.act_for(Origin(row.id, tells_once=False))
            step = await self._handlers[row.kind](tx, _job(row, rows_limit))
            rests = present and row.kind not in self._first
            rest_seconds = min(REST_SHARE * (time.monotonic() - began), REST_LIMIT_SECONDS) if rests else 0.0
            await tx.execute(_ADVANCE, _advance(row.id, step, rest_seconds))
            if rest_seconds:
                now = time.monotonic()
                # The soonest: a second job that rests, too, must not hold up the first.
                self._rests_until = min(now + rest_seconds, self._rests_until if self._rests_until > now else inf)

    async def _count_failure(self, database: Database, row: Row[Any], error: Exception) -> None:
        """In a transaction of its own: nothing of the chunk's is left. Raises when the database is away altogether."""
        failed = {"id": row.id, "error": failure(error)[0]}
        with about(trace_id=current_trace_id(resume(row.trace)), job_id=row.id):
            async with database.transaction() as tx:
                if is_transient(error):
                    await tx.execute(_POSTPONE, failed | {"seconds": TRANSIENT_PAUSE_SECONDS})
                    log.warning("job_postponed", kind=row.kind, exc_info=error)
                else:
                    await tx.execute(_FAIL, failed)
                    log.error("job_failed", kind=row.kind, exc_info=error)

    async def run(
        self, database: Database, outbox_depth_limit: int, presence: Presence, stopping: asyncio.Event
    ) -> None:
        """Run jobs until told to stop; by short chunks with a rest after each while somebody asks (decision 0043)."""
        while not stopping.is_set():
            if not await self.run_next(database, outbox_depth_limit, present=presence.felt):
                rest_seconds = self._rests_until - time.monotonic()
                await pause(stopping, rest_seconds if 0 < rest_seconds < POLL_SECONDS else POLL_SECONDS)


def _job(row: Row[Any], rows_limit: int) -> Job:
    return Job(row.id, row.kind, row.parameters, row.cursor, row.done, row.failed, rows_limit)


def _officer(stored: dict[str, Any]) -> Officer:
    roles = frozenset(Role(role) for role in stored["roles"])
    return Officer(stored["issuer"], stored["subject"], roles, stored["agency"], stored["region"])


def _advance(job_id: UUID, step: JobStep, rest_seconds: float) -> dict[str, Any]:
    cursor = None if step.cursor is None else orjson.dumps(step.cursor, default=str).decode()
    state = "done" if step.finished else "running"
    counts = {"done": step.done, "failed": step.failed, "total": step.total}
    aside = step.aside and not step.finished
    rests = rest_seconds > 0 and not (step.aside or step.finished)
    place = {"aside": aside, "rests": rests, "rest_seconds": rest_seconds}
    return {"id": job_id, "state": state, "cursor": cursor, **place, **counts}
