"""Proposals, amendments and decrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update

from chassis.errors import NotFound
from chassis.rows import insert_rows
from chassis.transaction import Transaction
from services.disbursement.domain.facts import CancelReason
from services.disbursement.domain.programme import Programme
from services.disbursement.domain.proposal import (
    AmendmentLine,
    DecreeNumberTaken,
    Proposal,
    ProposalBeingCollected,
    ProposalKind,
    ProposalNotFound,
    ProposalState,
)
from services.disbursement.store import tables as t
from services.disbursement.store.programmes import load_programme

_LINES_UNDER_WAY = text(
    """
    SELECT EXISTS (
        SELECT FROM proposal WHERE programme_id = :programme_id AND id <> :but_of
        AND (state = 'collecting' OR state = 'returned' AND EXISTS (
            SELECT FROM job WHERE job.id = proposal.job_id AND job.state IN ('queued', 'running'))))
    """
)


class DecreeNotFound(NotFound):
    """No such decree within the caller's agency and region."""

    title = "The decree is not known"


@dataclass(frozen=True, slots=True)
class Decree:
    """A decree (Keputusan tentang Penetapan Penerima): number, date, annex and who signed it."""

    id: UUID
    proposal_id: UUID
    programme_id: UUID
    agency: str
    region_code: str
    number: str
    decree_on: date
    annex_reference: str
    penetap: str
    amends_decree_id: UUID | None
    lines_count: int


async def insert_proposal(tx: Transaction, proposal: Proposal) -> None:
    """Store a new proposal."""
    await tx.execute(insert(t.proposal).values(id=proposal.id, recorded_at=tx.now, **_columns(proposal)))


async def save_proposal(tx: Transaction, proposal: Proposal) -> None:
    """Save what the domain changed."""
    await tx.execute(update(t.proposal).where(t.proposal.c.id == proposal.id).values(**_columns(proposal)))


async def load_proposal(tx: Transaction, proposal_id: UUID, *, for_update: bool = False) -> Proposal:
    """One proposal. Raises ProposalNotFound."""
    statement = select(t.proposal).where(t.proposal.c.id == proposal_id)
    row = await tx.fetch_one(statement.with_for_update(key_share=True) if for_update else statement)
    if row is None:
        raise ProposalNotFound(proposal_id=proposal_id)
    return Proposal(
        id=row.id,
        programme_id=row.programme_id,
        agency=row.agency,
        region_code=row.region_code,
        kind=ProposalKind(row.kind),
        state=ProposalState(row.state),
        maker=row.maker,
        checker=row.checker,
        penetap=row.penetap,
        amends_decree_id=row.amends_decree_id,
        lines_count=row.lines_count,
        return_reason=row.return_reason,
        acted_on=row.acted_on,
        job_id=row.job_id,
        version=row.version,
    )


async def lock_proposal(tx: Transaction, proposal_id: UUID) -> tuple[Programme, Proposal]:
    """One proposal and its programme, both locked, in the order of everybody. Raises ProposalNotFound."""
    programme_id = (await load_proposal(tx, proposal_id)).programme_id
    programme = await load_programme(tx, programme_id, for_update=True)
    return programme, await load_proposal(tx, proposal_id, for_update=True)


async def job_has_ended(tx: Transaction, job_id: UUID | None) -> bool:
    """Whether a job failed or was cancelled: nobody goes on with it unless it is retried."""
    state = await tx.scalar(text("SELECT state FROM job WHERE id = :id"), {"id": job_id})
    return state in ("failed", "cancelled")


async def refuse_lines_under_way(tx: Transaction, programme_id: UUID, proposal_id: UUID) -> None:
    """Raises ProposalBeingCollected while another proposal of the programme collects its lines, or gives them back.

    The programme must be locked: of two who begin at once, the second one sees the first.
    """
    if await tx.scalar(_LINES_UNDER_WAY, {"programme_id": programme_id, "but_of": proposal_id}):
        raise ProposalBeingCollected(programme_id=programme_id)


async def insert_amendment_lines(tx: Transaction, proposal_id: UUID, lines: Sequence[AmendmentLine]) -> None:
    """Store what an amending decree shall change."""
    rows = [
        {
            "proposal_id": proposal_id,
            "grant_id": line.grant_id,
            "reason": line.reason.value,
            "substitute_person_id": line.substitute_person_id,
        }
        for line in lines
    ]
    await insert_rows(tx, t.amendment_line, rows)


async def amendment_lines(tx: Transaction, proposal_id: UUID) -> list[AmendmentLine]:
    """What an amending decree shall change."""
    columns = t.amendment_line.c
    rows = await tx.fetch_all(
        select(t.amendment_line).where(columns.proposal_id == proposal_id).order_by(columns.grant_id)
    )
    return [AmendmentLine(row.grant_id, CancelReason(row.reason), row.substitute_person_id) for row in rows]


async def insert_decree(tx: Transaction, decree: Decree, job_id: UUID | None) -> None:
    """Store a decree; not in force while the job still decides its grants. Raises DecreeNumberTaken."""
    columns = t.decree.c
    taken = select(columns.id).where(columns.agency == decree.agency, columns.number == decree.number)
    if await tx.scalar(taken) is not None:
        raise DecreeNumberTaken(decree_number=decree.number)
    await tx.execute(
        insert(t.decree).values(
            id=decree.id,
            proposal_id=decree.proposal_id,
            programme_id=decree.programme_id,
            agency=decree.agency,
            region_code=decree.region_code,
            number=decree.number,
            decree_on=decree.decree_on,
            annex_reference=decree.annex_reference,
            penetap=decree.penetap,
            amends_decree_id=decree.amends_decree_id,
            lines_count=decree.lines_count,
            in_force=job_id is None,
            job_id=job_id,
            recorded_at=tx.now,
        )
    )


async def load_decree(tx: Transaction, decree_id: UUID) -> Decree:
    """One decree. Raises DecreeNotFound."""
    row = await tx.fetch_one(select(t.decree).where(t.decree.c.id == decree_id))
    if row is None:
        raise DecreeNotFound(decree_id=decree_id)
    return Decree(
        id=row.id,
        proposal_id=row.proposal_id,
        programme_id=row.programme_id,
        agency=row.agency,
        region_code=row.region_code,
        number=row.number,
        decree_on=row.decree_on,
        annex_reference=row.annex_reference,
        penetap=row.penetap,
        amends_decree_id=row.amends_decree_id,
        lines_count=row.lines_count,
    )


async def put_in_force(tx: Transaction, decree_id: UUID) -> None:
    """Every grant of the decree is decided."""
    await tx.execute(update(t.decree).where(t.decree.c.id == decree_id).values(in_force=True))


def _columns(proposal: Proposal) -> dict[str, Any]:
    return {
        "programme_id": proposal.programme_id,
        "agency": proposal.agency,
        "region_code": proposal.region_code,
        "kind": proposal.kind.value,
        "state": proposal.state.value,
        "maker": proposal.maker,
        "checker": proposal.checker,
        "penetap": proposal.penetap,
        "amends_decree_id": proposal.amends_decree_id,
        "lines_count": proposal.lines_count,
        "return_reason": proposal.return_reason,
        "acted_on": proposal.acted_on,
        "job_id": proposal.job_id,
        "version": proposal.version,
    }
