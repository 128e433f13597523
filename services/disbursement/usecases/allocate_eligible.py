"""All eligible people of a programme get an allocation, chunk by chunk: the poorest first, then the reserve list."""

from datetime import date
from typing import Any
from uuid import UUID

from chassis.commands import DatedCommand
from chassis.jobs import Job, JobStep
from chassis.paging import BEFORE_ALL
from chassis.transaction import Transaction
from services.disbursement.domain.facts import Occasion
from services.disbursement.store.grants import mark_called
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.projections import count_candidates, load_cases, next_candidates
from services.disbursement.usecases.allocate import allocate, wishes_of
from services.disbursement.usecases.record_changes import occasion_of

JOB = "allocate_eligible"


class AllocateEligible(DatedCommand):
    """Allocate to everybody enrolled in a course of the programme who is eligible."""


async def allocate_eligible(tx: Transaction, programme_id: UUID, command: AllocateEligible) -> UUID:
    """Queue the job; returns its id. Running it again reaches only those without a grant. Raises ProgrammeNotFound."""
    programme = await load_programme(tx, programme_id)
    return await tx.start_job(JOB, {"programme_id": str(programme.id), **job_occasion(occasion_of(tx, command))})


async def allocate_chunk(tx: Transaction, job: Job) -> JobStep:
    """One chunk; `failed` counts those looked at and not allocated. Ends early when the budget is used up."""
    occasion = occasion_of_job(job)
    programme_id = UUID(job.parameters["programme_id"])
    # Counted before the programme is locked: single acts need not wait for it.
    expected = await count_candidates(tx, programme_id) if job.cursor is None else None
    programme = await load_programme(tx, programme_id, for_update=True)
    position, decile, person_id = job.cursor or (0, 0, BEFORE_ALL)
    after = (int(position), int(decile), UUID(str(person_id)))
    candidates = await next_candidates(tx, programme.id, after, job.rows_limit)
    reserve = {row.person_id: row.reserve_id for row in candidates if row.reserve_id is not None}
    cases = await load_cases(tx, programme.rules, [(row.person_id, None) for row in candidates])
    in_turn = [cases[row.person_id] for row in candidates]
    wishes = wishes_of(programme, in_turn, occasion, reserve, job.id)
    grants, enough = await allocate(tx, programme, wishes, first_place=job.done)
    await mark_called(tx, {reserve[grant.person_id]: grant.id for grant in grants if grant.person_id in reserve})
    finished = len(candidates) < job.rows_limit or not enough
    return JobStep(
        done=len(grants),
        failed=len(candidates) - len(grants),
        cursor=_cursor(candidates[-1]) if candidates else job.cursor,
        finished=finished,
        # Fewer than were counted: a family's second candidate is none any more, and budgets end.
        total=job.done + job.failed + len(candidates) if finished else expected,
    )


def _cursor(last: Any) -> list[int | str]:
    return [last.position, last.decile, str(last.person_id)]


def job_occasion(occasion: Occasion) -> dict[str, str | None]:
    """An occasion as a job's parameters."""
    return {
        "officer": occasion.officer,
        "occurred_on": occasion.occurred_on.isoformat(),
        "late_entry_reason": occasion.late_entry_reason,
    }


def occasion_of_job(job: Job) -> Occasion:
    """The occasion on which a job was started."""
    given = job.parameters
    return Occasion(given["officer"], date.fromisoformat(given["occurred_on"]), given["late_entry_reason"])
