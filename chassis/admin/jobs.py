"""Long work as its officers see it: progress, cancel, retry."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, text

from chassis.auth import ALL_ROLES, Permission, Role
from chassis.errors import Conflict, NotFound
from chassis.http import Act, Created, Read, Routes
from chassis.paging import BEFORE_ALL, After, Limit, Page, cut_page
from chassis.transaction import Transaction

SEE_JOB = Permission("job.see", ALL_ROLES)
CANCEL = Permission("job.cancel", {Role.PETUGAS, Role.OPERATOR})
RETRY = Permission("job.retry", {Role.PETUGAS, Role.OPERATOR})

_COLUMNS = """
    SELECT id, kind, state, total, done, failed, last_error, created_at, started_at, finished_at FROM job
    WHERE (agency = :agency OR :agency = '*')
"""
_JOB = text(f"{_COLUMNS} AND id = :id")
_JOBS = text(
    f"""
    {_COLUMNS} AND id > :after AND (CAST(:kind AS text) IS NULL OR kind = :kind)
    AND (CAST(:state AS text) IS NULL OR state = :state) ORDER BY id LIMIT :limit
    """
)
_CANCEL_JOB = text(
    "UPDATE job SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = :id AND state IN"
    " ('queued', 'running') AND kind <> ALL(:kept) AND (agency = :agency OR :agency = '*') RETURNING id"
)
_RETRY_JOB = text(
    "UPDATE job SET state = 'queued', attempts = 0, retry_at = NULL, last_error = NULL, finished_at = NULL"
    " WHERE id = :id AND state IN ('failed', 'cancelled') AND (agency = :agency OR :agency = '*') RETURNING id"
)


JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class JobView(BaseModel):
    """Progress of long work."""

    id: UUID
    kind: str
    state: JobState
    total: int | None
    done: int
    failed: int
    last_error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobNotCancellable(Conflict):
    """A job that ended, or one of a kind that must come to its end, cannot be cancelled."""

    title = "The job has ended already, or is of a kind that must come to its end"


class JobNotRetryable(Conflict):
    """Only a job that failed or was cancelled is taken up again."""

    title = "The job neither failed nor was cancelled"


def add_job_routes(routes: Routes, not_cancellable: Sequence[str]) -> None:
    """Progress of a job, its cancelling and its being taken up again."""

    @routes.get("/jobs", permission=SEE_JOB)
    async def get_jobs(
        read: Read, kind: str | None = None, state: JobState | None = None, after: After = None, limit: Limit = 50
    ) -> Page[JobView]:
        """Jobs of the caller's agency, all or those of a kind or state."""
        wanted = {"kind": kind, "state": state, "after": after or BEFORE_ALL, "limit": limit + 1}
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
    await _job(tx, job_id)
    if await tx.fetch_one(_CANCEL_JOB, {"id": job_id, "kept": list(kept), "agency": tx.officer.agency}) is None:
        raise JobNotCancellable(job_id=job_id)
    return job_id


async def _retry_job(tx: Transaction, job_id: UUID) -> UUID:
    await _job(tx, job_id)
    if await tx.fetch_one(_RETRY_JOB, {"id": job_id, "agency": tx.officer.agency}) is None:
        raise JobNotRetryable(job_id=job_id)
    return job_id
