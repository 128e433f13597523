"""A visit's note, and what became of a list of visits."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from chassis.transaction import Transaction
from services.followup.domain.errors import NoteNotFound, VisitListNotFound
from services.followup.store.plans import load_plan_of_visit
from services.followup.store.tables import visit_list


class NoteView(BaseModel):
    """A mentor's note."""

    visit_id: UUID
    note: str


class VisitListRow(BaseModel):
    """One row of a list: recorded as `visit_id`, or refused with the problem's code."""

    plan_id: UUID
    visit_number: int
    visit_id: UUID | None
    refusal: str | None


class VisitListView(BaseModel):
    """A list of visits sent at once; rows in the order they were sent."""

    visit_list_id: UUID
    recorded_at: datetime
    recorded_count: int
    refused_count: int
    rows: list[VisitListRow]


async def read_note(tx: Transaction, visit_id: UUID) -> NoteView:
    """The note of a visit, with an entry in the access trail. Raises VisitNotFound, NoteNotFound."""
    plan, visit = await load_plan_of_visit(tx, visit_id)
    if visit.note_sealed is None:
        raise NoteNotFound(visit_id=visit_id)
    await tx.record_access("mentoring_note", [plan.person_id])
    return NoteView(visit_id=visit_id, note=tx.vault.open(visit.note_sealed))


async def find_visit_list(tx: Transaction, visit_list_id: UUID) -> VisitListView:
    """What became of each row. Raises VisitListNotFound."""
    row = await tx.fetch_one(select(visit_list).where(visit_list.c.id == visit_list_id))
    if row is None:
        raise VisitListNotFound(visit_list_id=visit_list_id)
    rows = [VisitListRow(**each) for each in row.rows]
    refused_count = sum(each.refusal is not None for each in rows)
    return VisitListView(
        visit_list_id=row.id,
        recorded_at=row.recorded_at,
        recorded_count=len(rows) - refused_count,
        refused_count=refused_count,
        rows=rows,
    )
