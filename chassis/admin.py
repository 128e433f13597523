"""What every service lets operators and officers see and mend: jobs, outbox, parked messages, events of a case."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from fastapi import Path
from pydantic import BaseModel
from sqlalchemy import Row, text

from chassis.auth import ALL_ROLES, Permission, Role
from chassis.commands import Command
from chassis.errors import Conflict, NotFound
from chassis.http import Act, Created, Read, Routes
from chassis.paging import AfterNumber, Limit
from chassis.redrive import Redrive
from chassis.transaction import Transaction

if TYPE_CHECKING:
    from chassis.service import Service

SEE_JOB = Permission("job.see", ALL_ROLES)
OPERATE = Permission("operation.see", {Role.OPERATOR, Role.ADMINISTRATOR})
RELEASE = Permission("operation.release", {Role.OPERATOR})
MAX_BIGINT = 2**63 - 1
REDRIVE = Permission("operation.redrive", {Role.OPERATOR})
SEE_CASE = Permission("case.see", {Role.OPERATOR, Role.ADMINISTRATOR, Role.SERVICE})

_JOB = text(
    "SELECT id, kind, state, total, done, failed, last_error, created_at, started_at, finished_at FROM job"
    " WHERE id = :id AND (agency = :agency OR :agency = '*')"
)
_CANCEL_JOB = text(
    "UPDATE job SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = :id AND state IN"
    " ('queued', 'running') AND kind <> ALL(:kept) AND (agency = :agency OR :agency = '*') RETURNING id"
)
_RETRY_JOB = text(
    "UPDATE job SET state = 'queued', attempts = 0, retry_at = NULL, last_error = NULL, finished_at = NULL"
    " WHERE id = :id AND state IN ('failed', 'cancelled') AND (agency = :agency OR :agency = '*') RETURNING id"
)
_OUTBOX = text(
    """
    SELECT count(*) AS depth, min(recorded_at) AS oldest_at, count(*) FILTER (WHERE held_reason IS NOT NULL) AS held,
           (SELECT instance FROM relay_leader) AS relay_leader, (SELECT beat_at FROM relay_leader) AS relay_beat_at
    FROM outbox WHERE published_at IS NULL
    """
)
_RELEASE = text(
    "UPDATE outbox SET held_reason = NULL WHERE position = :position AND published_at IS NULL"
    " AND held_reason IS NOT NULL RETURNING event_id"
)
_PARKED = text(
    """
    SELECT id, arrival, topic, partition, log_offset, key, type, reason, detail, trace_id, attempts,
           first_attempt_at, last_attempt_at
    FROM parked_message WHERE redriven_at IS NULL AND arrival > :after ORDER BY arrival LIMIT :limit
    """
)
_EVENTS = text(
    """
    SELECT position, event_id, type, subject, key, headers ->> 'traceparent' AS traceparent, recorded_at, published_at,
           convert_from(body, 'UTF8')::jsonb AS data
    FROM outbox WHERE correlation_id = :case AND position > :after ORDER BY position LIMIT 200
    """
)


class JobView(BaseModel):
    """Progress of long work."""

    id: UUID
    kind: str
    state: str
    total: int | None
    done: int
    failed: int
    last_error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class OutboxView(BaseModel):
    """What waits to be published, and who publishes."""

    depth: int
    oldest_at: datetime | None
    held: int
    relay_leader: str | None
    relay_beat_at: datetime | None


class ParkedView(BaseModel):
    """A message that waits to be mended; its body stays sealed."""

    id: UUID
    arrival: int
    topic: str
    partition: int
    log_offset: int
    key: str | None
    type: str | None
    reason: str
    detail: str
    trace_id: str | None
    attempts: int
    first_attempt_at: datetime
    last_attempt_at: datetime


class EventView(BaseModel):
    """An event this service published, as its contract shows it."""

    position: int
    event_id: UUID
    type: str
    subject: str
    key: str
    traceparent: str | None
    recorded_at: datetime
    published_at: datetime | None
    data: dict[str, Any]


class RedriveKey(Command):
    """Try the parked messages of one key again, in order of arrival."""

    topic: str
    key: str


class RedriveResult(BaseModel):
    """How many messages took effect and how many still wait."""

    redriven: int
    waiting: int


class JobNotCancellable(Conflict):
    """A job that ended, or one of a kind that must come to its end, cannot be cancelled."""

    title = "The job has ended already, or is of a kind that must come to its end"


class JobNotRetryable(Conflict):
    """Only a job that failed or was cancelled is taken up again."""

    title = "The job neither failed nor was cancelled"


def admin_routes(service: "Service") -> Routes:
    """The chassis's own routes, the same in every service."""
    routes = Routes(tags=["operations"])

    @routes.get("/jobs/{job_id}", permission=SEE_JOB)
    async def get_job(job_id: UUID, read: Read) -> JobView:
        """Progress of a job of the caller's agency."""
        return await read(_job, job_id)

    @routes.post(
        "/jobs/{job_id}/cancel",
        permission=Permission("job.cancel", {Role.PETUGAS, Role.OPERATOR}),
    )
    async def post_cancel_job(job_id: UUID, act: Act) -> Created:
        """Stop a job after its present chunk; what is done stays done."""
        return await act(_cancel_job, (job_id, service.jobs.not_cancellable))

    @routes.post("/jobs/{job_id}/retry", permission=Permission("job.retry", {Role.PETUGAS, Role.OPERATOR}))
    async def post_retry_job(job_id: UUID, act: Act) -> Created:
        """Take up a failed or cancelled job where it stopped."""
        return await act(_retry_job, job_id)

    @routes.get("/admin/outbox", permission=OPERATE)
    async def get_outbox(read: Read) -> OutboxView:
        """Depth and age of the outbox, and the relay's leader."""
        return OutboxView.model_validate(await read(_one, _OUTBOX), from_attributes=True)

    @routes.post("/admin/outbox/{position}/release", permission=RELEASE, status_code=200)
    async def post_release(position: Annotated[int, Path(ge=1, le=MAX_BIGINT)], act: Act) -> Created:
        """Let the relay try a held event again, once its cause is mended."""
        return await act(_release, position)

    @routes.get("/admin/parked", permission=OPERATE)
    async def get_parked(read: Read, after: AfterNumber = 0, limit: Limit = 200) -> list[ParkedView]:
        """Messages that could not be processed, oldest first."""
        rows = await read(_many, _PARKED, {"after": min(after, MAX_BIGINT), "limit": limit})
        return [ParkedView.model_validate(row, from_attributes=True) for row in rows]

    @routes.post("/admin/parked/redrive", permission=REDRIVE, status_code=200)
    async def post_redrive(body: RedriveKey, act: Act) -> RedriveResult:
        """Process a key's parked messages again, in order; each takes effect once, however often this is asked."""
        redrive = Redrive(service.processor())
        done = 0

        async def usecase(_tx: Transaction, command: RedriveKey) -> UUID:
            nonlocal done
            done = await redrive.key(command.topic, command.key)
            return uuid5(NAMESPACE_URL, f"{command.topic}/{command.key}")

        await act(usecase, body)
        return RedriveResult(redriven=done, waiting=await redrive.waiting(topic=body.topic, key=body.key))

    @routes.post("/admin/parked/{message_id}/redrive", permission=REDRIVE, status_code=200)
    async def post_redrive_keyless(message_id: UUID, act: Act) -> RedriveResult:
        """Process a parked message that has no key again; it stands alone, so nothing else is touched."""
        redrive = Redrive(service.processor())
        done = 0

        async def usecase(_tx: Transaction, command: UUID) -> UUID:
            nonlocal done
            done = await redrive.keyless(command)
            return command

        await act(usecase, message_id)
        return RedriveResult(redriven=done, waiting=await redrive.waiting(message_id=message_id))

    @routes.get("/admin/events", permission=SEE_CASE)
    async def get_events(case: UUID, read: Read, after: AfterNumber = 0) -> list[EventView]:
        """Events of a case that this service published, in order."""
        rows = await read(_many, _EVENTS, {"case": case, "after": min(after, MAX_BIGINT)})
        return [EventView.model_validate(row, from_attributes=True) for row in rows]

    return routes


async def _job(tx: Transaction, job_id: UUID) -> JobView:
    row = await tx.fetch_one(_JOB, {"id": job_id, "agency": tx.officer.agency})
    if row is None:
        raise NotFound(job_id=job_id)
    return JobView.model_validate(row, from_attributes=True)


async def _release(tx: Transaction, position: int) -> UUID:
    event_id: UUID | None = await tx.scalar(_RELEASE, {"position": position})
    if event_id is None:
        raise NotFound(position=position)
    return event_id


async def _cancel_job(tx: Transaction, wanted: tuple[UUID, Sequence[str]]) -> UUID:
    job_id, kept = wanted
    await _job(tx, job_id)
    if await tx.fetch_one(_CANCEL_JOB, {"id": job_id, "kept": list(kept), "agency": tx.officer.agency}) is None:
        raise JobNotCancellable(job_id=job_id)
    return job_id


async def _retry_job(tx: Transaction, job_id: UUID) -> UUID:
    await _job(tx, job_id)
    if await tx.fetch_one(_RETRY_JOB, {"id": job_id, "agency": tx.officer.agency}) is None:
        raise JobNotRetryable(job_id=job_id)
    return job_id


async def _one(tx: Transaction, statement: Any) -> Row[Any] | None:
    return await tx.fetch_one(statement)


async def _many(tx: Transaction, statement: Any, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
    return await tx.fetch_all(statement, parameters)
