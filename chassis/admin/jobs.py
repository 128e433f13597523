"""Long work as its officers see it: progress, cancel, retry."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Row, text

from chassis.auth import ALL_ROLES, Permission, Role
from chassis.errors import Conflict, NotAllowed, NotFound
from chassis.http import Act, Created, Read, Routes
from chassis.paging import BEHIND_ALL, After, Limit, Page, cut_page
from chassis.transaction import Transaction

SEE_JOB = Permission("job.see", ALL_ROLES)
CANCEL = Permission("job.cancel", ALL_ROLES - {Role.AUDITOR})
RETRY = Permission("job.retry", ALL_ROLES - {Role.AUDITOR})
ANY_JOB = {Role.PETUGAS, Role.OPERATOR}
"""Roles that cancel and retry all jobs of their agency; everybody else those they started themselves.

Bulk acts that were cancelled go on for nobody but who ordered them, in whose name they are done: a maker must not take
up the approvals that a checker thought better of.
"""

_SHOWN = """
    SELECT *, CASE WHEN state IN ('queued', 'running') THEN "left" / rate_per_second END AS seconds_left
    FROM (
        SELECT *, CASE WHEN total IS NOT NULL THEN greatest(total - done - failed, 0) END AS "left",
               parameters ->> 'act' AS act, nullif(done + failed, 0) / nullif(
                   extract(epoch FROM coalesce(finished_at, clock_timestamp()) - started_at)::float, 0)
               AS rate_per_second
        FROM (SELECT * FROM job WHERE (agency = :agency OR :agency = '*') AND {wanted}) AS chosen) AS job
    ORDER BY id DESC
"""
"""Chosen first: around what is computed, of a clock besides, PostgreSQL would compute it for all jobs and sort them."""
_JOB = text(_SHOWN.format(wanted="id = :id"))
_WANTED = """
    id < :after AND (CAST(:kind AS text) IS NULL OR kind = :kind) AND (CAST(:state AS text) IS NULL OR state = :state)
    ORDER BY id DESC LIMIT :limit
"""
_JOBS = text(_SHOWN.format(wanted=_WANTED))
_STARTED_BY = text("SELECT officer ->> 'issuer' = :issuer AND officer ->> 'subject' = :subject FROM job WHERE id = :id")
_CANCEL_JOB = text(
    "UPDATE job SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = :id AND state IN"
    " ('queued', 'running') AND kind <> ALL(:kept) RETURNING id"
)
_RETRY_JOB = text(
    "UPDATE job SET state = 'queued', attempts = 0, retry_at = NULL, last_error = NULL, finished_at = NULL"
    " WHERE id = :id AND state IN ('failed', 'cancelled') RETURNING id"
)


JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class JobView(BaseModel):
    """Progress of long work."""

    id: UUID
    kind: str
    state: JobState
    act: str | None
    """What a bulk job does for each."""
    total: int | None
    done: int
    failed: int
    left: int | None
    """Of the total; None until that is known."""
    rate_per_second: float | None
    """Done and failed ones from the start of the first chunk until now, pauses included; None before the first."""
    seconds_left: float | None
    """What is left, at that rate."""
    last_error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobNotCancellable(Conflict):
    """Half of what a job of this kind does would be no state at all."""

    title = "Jobs of this kind must come to their end: wait for it, or retry the job if it fails"


class JobEnded(Conflict):
    """It is done, failed or cancelled: `state` says which."""

    title = "The job has ended already, so there is nothing to cancel: what it did stays done"


class JobNotRetryable(Conflict):
    """Only a job that failed or was cancelled is taken up again."""

    title = "The job neither failed nor was cancelled"


def add_job_routes(routes: Routes, not_cancellable: Sequence[str]) -> None:
    """Progress of a job, its cancelling and its being taken up again."""

    @routes.get("/jobs", permission=SEE_JOB)
    async def get_jobs(
        read: Read,
        kind: Annotated[str | None, Query(max_length=100)] = None,
        state: JobState | None = None,
        after: After = None,
        limit: Limit = 50,
    ) -> Page[JobView]:
        """Jobs of the caller's agency, all or those of a kind or state, newest first."""
        wanted = {"kind": kind, "state": state, "after": after or BEHIND_ALL, "limit": limit + 1}
        found = cut_page(await read(_jobs, wanted), limit, lambda row: UUID(str(row.id)))
        return Page(items=[JobView.model_validate(row, from_attributes=True) for row in found.rows], next=found.next)

    @routes.get("/jobs/{job_id}", permission=SEE_JOB)
    async def get_job(job_id: UUID, read: Read) -> JobView:
        """Progress of a job of the caller's agency."""
        return await read(_job, job_id)

    @routes.post("/jobs/{job_id}/cancel", permission=CANCEL)
    async def post_cancel_job(job_id: UUID, act: Act) -> Created:
        """Stop a job after its present chunk; what is done stays done."""
        return await act(_cancel_job, (job_id, not_cancellable))

    @routes.post("/jobs/{job_id}/retry", permission=RETRY)
    async def post_retry_job(job_id: UUID, act: Act) -> Created:
        """Take up a failed or cancelled job where it stopped."""
        return await act(_retry_job, job_id)


async def _jobs(tx: Transaction, wanted: dict[str, Any]) -> Sequence[Row[Any]]:
    return await tx.fetch_all(_JOBS, wanted | {"agency": tx.officer.agency})


async def _job(tx: Transaction, job_id: UUID) -> JobView:
    row = await tx.fetch_one(_JOB, {"id": job_id, "agency": tx.officer.agency})
    if row is None:
        raise NotFound(job_id=job_id)
    return JobView.model_validate(row, from_attributes=True)


async def _cancel_job(tx: Transaction, wanted: tuple[UUID, Sequence[str]]) -> UUID:
    job_id, kept = wanted
    await _require(tx, CANCEL, job_id)
    if await tx.fetch_one(_CANCEL_JOB, {"id": job_id, "kept": list(kept)}) is None:
        job = await _job(tx, job_id)
        if job.state in {"queued", "running"} and job.kind in kept:
            raise JobNotCancellable(job_id=job_id, kind=job.kind)
        raise JobEnded(job_id=job_id, state=job.state)
    return job_id


async def _retry_job(tx: Transaction, job_id: UUID) -> UUID:
    await _require(tx, RETRY, job_id, starter_only_if_cancelled=True)
    if await tx.fetch_one(_RETRY_JOB, {"id": job_id}) is None:
        raise JobNotRetryable(job_id=job_id)
    return job_id


async def _require(
    tx: Transaction, permission: Permission, job_id: UUID, *, starter_only_if_cancelled: bool = False
) -> None:
    """Raises NotFound for a job of another agency, NotAllowed for somebody else's."""
    job = await _job(tx, job_id)
    starter_only = starter_only_if_cancelled and job.act is not None and job.state == "cancelled"
    starter = {"id": job_id, "issuer": tx.officer.issuer, "subject": tx.officer.subject}
    by_role = bool(tx.officer.roles & ANY_JOB) and not starter_only
    if not (by_role or await tx.scalar(_STARTED_BY, starter)):
        raise NotAllowed(operation=permission.operation)
