"""Gauges from the service's database and process, sampled by one loop so that no scrape ever waits for a table."""

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, text

from chassis.health import readiness_problems
from chassis.logs import logger
from chassis.outbox import BEHIND_HELD, HELD
from chassis.workers import pause

if TYPE_CHECKING:
    from chassis.service import Service

log = logger(__name__)

SAMPLE_SECONDS = 5.0
SAMPLE_TIMEOUT_SECONDS = 4.0
REASONS_LIMIT = 20
"""Most parked reasons told apart: the number of series stays bounded whatever is parked."""

QUEUES = text(
    f"""
    WITH {HELD}
    SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 100000) AS unsent)
               AS outbox_depth,
           (SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float FROM outbox AS o
            WHERE published_at IS NULL AND held_reason IS NULL AND NOT {BEHIND_HELD}
            ORDER BY position LIMIT 1) AS outbox_oldest_age,
           (SELECT count(*) FROM outbox WHERE published_at IS NULL AND held_reason IS NOT NULL) AS outbox_held,
           (SELECT extract(epoch FROM clock_timestamp() - beat_at)::float FROM relay_leader) AS relay_beat_age,
           (SELECT count(*) FROM (
               SELECT 1 FROM timer WHERE state = 'waiting' AND coalesce(retry_at, due_at) <= statement_timestamp()
               ORDER BY coalesce(retry_at, due_at) LIMIT 1000) AS due) AS timers_overdue,
           (SELECT extract(epoch FROM clock_timestamp() - coalesce(retry_at, due_at))::float FROM timer
            WHERE state = 'waiting' AND coalesce(retry_at, due_at) <= statement_timestamp()
            ORDER BY coalesce(retry_at, due_at) LIMIT 1) AS timers_oldest,
           (SELECT count(*) FROM timer WHERE state = 'waiting' AND attempts > 0) AS timers_failing
    """  # noqa: S608 - constants of ours
)
_PARKED = text(
    """
    SELECT consumer, reason, count(*) AS messages,
           extract(epoch FROM clock_timestamp() - min(first_attempt_at))::float AS oldest_age
    FROM parked_message WHERE redriven_at IS NULL
    AND consumer NOT IN (SELECT consumer FROM generation WHERE state <> 'live')
    GROUP BY consumer, reason ORDER BY messages DESC LIMIT :limit
    """
)
_JOBS = text(
    """
    SELECT kind, state, count(*) AS jobs FROM job WHERE state IN ('queued', 'running') GROUP BY kind, state
    UNION ALL
    SELECT kind, state, count(*) FROM job WHERE state = 'failed' GROUP BY kind, state
    """
)


class Sampler:
    """Samples one service's queues and readiness every `SAMPLE_SECONDS`."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._metrics = service.metrics

    async def run(self, stopping: asyncio.Event) -> None:
        """Sample until told to stop; a database that is away makes the sample old, nothing else."""
        self._metrics.sampled("database")
        while not stopping.is_set():
            await self.sample()
            await pause(stopping, SAMPLE_SECONDS)

    async def sample(self) -> None:
        """Take one sample."""
        await self._sample_process()
        try:
            async with asyncio.timeout(SAMPLE_TIMEOUT_SECONDS):
                await self._sample_database()
        except Exception as error:
            log.warning("sample_failed", error=type(error).__name__)

    async def _sample_process(self) -> None:
        show, relay, subscription = self._metrics.show, self._service.relay, self._service.subscription
        problems = await readiness_problems(self._service)
        show("sinergi_ready", [(0 if problems else 1, {})])
        show("sinergi_readiness_problem", [(1, {"problem": problem}) for problem in problems])
        if relay is not None:
            show("sinergi_relay_leader", [(int(relay.leads), {})])
        if subscription is not None and (processor := subscription.processor) is not None:
            paused = int(processor.paused_reason is not None)
            show("sinergi_consumer_paused", [(paused, {"consumer": processor.consumer})])

    async def _sample_database(self) -> None:
        async with self._service.database.engine.connect() as connection:
            queues = (await connection.execute(QUEUES)).one()
            parked = (await connection.execute(_PARKED, {"limit": REASONS_LIMIT})).all()
            jobs = (await connection.execute(_JOBS)).all()
        self._show_queues(queues)
        show = self._metrics.show
        show(
            "sinergi_parked_messages",
            [(row.messages, {"consumer": row.consumer, "reason": row.reason}) for row in parked],
        )
        show("sinergi_parked_oldest_age_seconds", [(max((row.oldest_age for row in parked), default=0), {})])
        show("sinergi_jobs", [(row.jobs, {"kind": row.kind, "state": row.state}) for row in jobs])
        self._metrics.sampled("database")

    def _show_queues(self, queues: Row[Any]) -> None:
        show = self._metrics.show
        show("sinergi_outbox_depth", [(queues.outbox_depth, {})])
        show("sinergi_outbox_oldest_age_seconds", [(queues.outbox_oldest_age or 0, {})])
        show("sinergi_outbox_held_rows", [(queues.outbox_held, {})])
        # No beat ever is no age: the alert on a missing leader tells of that.
        show("sinergi_relay_beat_age_seconds", [(age, {}) for age in (queues.relay_beat_age,) if age is not None])
        show("sinergi_timers_overdue", [(queues.timers_overdue, {})])
        show("sinergi_timers_oldest_overdue_seconds", [(queues.timers_oldest or 0, {})])
        show("sinergi_timers_failing", [(queues.timers_failing, {})])
