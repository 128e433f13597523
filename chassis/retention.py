"""What is removed when its time is over. Whatever no rule names is kept for ever: docs/retention.md tells of both."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import TextClause, text

from chassis.database import Database
from chassis.ids import RECENT_DAYS, id_at
from chassis.jobs import Job, Jobs, JobStep
from chassis.logs import logger
from chassis.transaction import Transaction
from chassis.workers import pause

log = logger(__name__)

KIND = "retention"
CHUNK_ROWS = 1000
LOOK_SECONDS = 600
"""How often a process looks whether today's job has been started."""
MONTHS_AHEAD = 6
"""Partitions of outbox and inbox made in advance, so that a service that is never restarted has them too."""
YEAR_DAYS = 365
REPEATABLE_DAYS = RECENT_DAYS + 1
"""How long a repeated request is known: as long as its key gives ids, and that may lie a day ahead of us."""

_ADD_MONTHS = text("SELECT add_month_partitions(:months)")


@dataclass(frozen=True, slots=True)
class Rule:
    """How long something is kept. `since` and `only` are SQL about one row of the table.

    What is past its days is deleted; with `empties` only these columns are set to null, where the row itself proves
    something. Deleting needs a DELETE right of the worker role on that table, which a migration grants.
    """

    table: str
    since: str
    keep_days: int
    empties: tuple[str, ...] = ()
    only: str = "true"
    through: tuple[str, str] | None = None
    """Column and the table whose id it holds, where `since` and `only` are about that table's row instead."""

    @property
    def subject(self) -> str:
        """The table, or the columns of it that are emptied."""
        return ", ".join(f"{self.table}.{column}" for column in self.empties) or self.table

    def statement(self) -> TextClause:
        """Removes up to `:limit` rows that are past `:days`."""
        # `now()`: no index is used for a comparison with `clock_timestamp()`, which may differ from row to row.
        due = f"({self.only}) AND {self.since} < now() - make_interval(days => :days)"
        if self.through is not None:
            column, table = self.through
            due = f"{column} IN (SELECT id FROM {table} WHERE {due})"  # noqa: S608 - ours
        if self.empties:
            due += f" AND ({' OR '.join(f'{column} IS NOT NULL' for column in self.empties)})"
        chosen = f"ctid = ANY(ARRAY(SELECT ctid FROM {self.table} WHERE {due} LIMIT :limit)) AND {due}"  # noqa: S608 - ours
        if not self.empties:
            return text(f"DELETE FROM {self.table} WHERE {chosen}")  # noqa: S608 - ours
        emptied = ", ".join(f"{column} = NULL" for column in self.empties)
        return text(f"UPDATE {self.table} SET {emptied} WHERE {chosen}")  # noqa: S608 - ours


ENDED_JOB = "state IN ('done', 'cancelled')"
WITHOUT_ITEMS = "NOT EXISTS (SELECT 1 FROM bulk_item WHERE job_id = job.id)"
"""One that was due a moment after its items were asked for goes with them the next day."""

CHASSIS_RULES = (
    Rule("idempotency", "recorded_at", REPEATABLE_DAYS),
    Rule("timer", "due_at", YEAR_DAYS, only="state <> 'waiting'"),
    Rule("bulk_item", "finished_at", YEAR_DAYS, only=ENDED_JOB, through=("job_id", "job")),
    Rule("job", "finished_at", YEAR_DAYS, only=f"{ENDED_JOB} AND {WITHOUT_ITEMS}"),
    Rule("parked_message", "redriven_at", YEAR_DAYS, empties=("key_sealed", "headers_sealed", "body_sealed")),
    Rule(
        "parked_mend",
        "redriven_at",
        YEAR_DAYS,
        empties=("key_sealed", "headers_sealed", "body_sealed"),
        through=("message_id", "parked_message"),
    ),
)
"""For the tables that every service has."""


class Retention:
    """Applies a service's rules once a day, as a job: in chunks, resumed after a crash, seen in its row."""

    def __init__(self, jobs: Jobs, rules: Sequence[Rule]) -> None:
        self.rules = (*CHASSIS_RULES, *rules)
        jobs.on(KIND)(self._chunk)

    async def start_today(self, database: Database) -> None:
        """Start the job of this day, unless one of the service's processes has started it."""
        async with database.transaction() as tx:
            await tx.start_job(KIND, {}, job_id=id_at(datetime.combine(tx.today, time(), tx.zone), KIND))

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Start each day's job until told to stop."""
        while not stopping.is_set():
            await self.start_today(database)
            await pause(stopping, LOOK_SECONDS)

    async def _chunk(self, tx: Transaction, job: Job) -> JobStep:
        if job.cursor is None:
            # A step of its own: making a partition keeps all writers waiting until it commits.
            await tx.execute(_ADD_MONTHS, {"months": MONTHS_AHEAD})
            return JobStep(done=0, cursor=0, finished=False)
        place = int(job.cursor)
        rule = self.rules[place]
        limit = min(CHUNK_ROWS, job.rows_limit)
        result = await tx.execute(rule.statement(), {"days": rule.keep_days, "limit": limit})
        if result.rowcount:
            log.info("retention_applied", subject=rule.subject, rows=result.rowcount)
        following = place if result.rowcount == limit else place + 1
        return JobStep(done=result.rowcount, cursor=following, finished=following == len(self.rules))
