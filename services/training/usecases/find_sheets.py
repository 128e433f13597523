"""Read attendance sheets: what waits, what counts, and which lines belong to nobody known."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, Select, func, select, true

from chassis.errors import NotFound
from chassis.paging import Page, fetch_scoped_page
from chassis.transaction import Transaction
from services.training.domain.sheet import SheetState, SheetUnknown
from services.training.store.lists import sheet_verification, sheet_verification_row
from services.training.store.tables import class_session, enrolment, sheet, sheet_entry, training_class


class SheetSummary(BaseModel):
    """A revision without its lines; approvals name `version`. `recorded_at` tells how long it has waited."""

    id: UUID
    class_id: UUID
    session_id: UUID
    session_number: int
    held_on: date
    revision: int
    state: str
    correction_reason: str | None
    refusal_reason: str | None
    maker: str
    reported_on: date
    recorded_at: datetime
    checker: str | None
    checked_on: date | None
    version: int
    entries_count: int
    present_count: int


class SheetLineView(BaseModel):
    """`standing`: own (of this class), make_up (guest of a sister class) or unresolved (counts for nobody)."""

    enrolment_id: UUID
    attendance: str
    standing: str


class SheetView(SheetSummary):
    """A revision with its lines, and who of the class is missing on it."""

    entries: list[SheetLineView]
    missing_enrolment_ids: list[UUID]


class SheetOutcomeView(BaseModel):
    """What became of one sheet of a bulk verification."""

    sheet_id: UUID
    verified: bool
    refusal: str | None


class SheetVerificationView(BaseModel):
    """What became of a bulk verification."""

    id: UUID
    class_id: UUID
    occurred_on: date
    sheets: list[SheetOutcomeView]


async def find_sheets(
    tx: Transaction, class_id: UUID | None, state: SheetState | None, after: str | None, limit: int
) -> Page[SheetSummary]:
    """Sheets by agency, place and id, of a class or in a state if asked."""
    equal = {"class_id": class_id, "state": state and state.value}
    found = await fetch_scoped_page(tx, _summaries(), sheet, after, limit, equal=equal)
    return Page(items=[SheetSummary(**_columns(row)) for row in found.rows], next=found.next)


async def find_sheet(tx: Transaction, sheet_id: UUID) -> SheetView:
    """One sheet with its lines; raises SheetUnknown."""
    row = await tx.fetch_one(_summaries().where(sheet.c.id == sheet_id))
    if row is None:
        raise SheetUnknown(sheet_id=sheet_id)
    lines = await _lines(tx, row)
    named = {line.enrolment_id for line in lines}
    of_class = select(enrolment.c.id).where(enrolment.c.class_id == row.class_id, enrolment.c.status != "not_completed")
    everybody = [each.id for each in await tx.fetch_all(of_class.order_by(enrolment.c.id))]
    missing = [each for each in everybody if each not in named]
    return SheetView(**_columns(row), entries=lines, missing_enrolment_ids=missing)


async def find_sheet_verification(tx: Transaction, verification_id: UUID) -> SheetVerificationView:
    """Outcome of a bulk verification, sheet by sheet; raises NotFound."""
    head = await tx.fetch_one(select(sheet_verification).where(sheet_verification.c.id == verification_id))
    if head is None:
        raise NotFound(verification_id=verification_id)
    rows = await tx.fetch_all(
        select(sheet_verification_row)
        .where(sheet_verification_row.c.verification_id == verification_id)
        .order_by(sheet_verification_row.c.sheet_id)
    )
    outcomes = [
        SheetOutcomeView(sheet_id=row.sheet_id, verified=row.refusal is None, refusal=row.refusal) for row in rows
    ]
    return SheetVerificationView(id=head.id, class_id=head.class_id, occurred_on=head.occurred_on, sheets=outcomes)


def _summaries() -> Select[Any]:
    counts = (
        select(
            func.count().label("entries_count"),
            func.count().filter(sheet_entry.c.attendance == "present").label("present_count"),
        )
        .where(sheet_entry.c.sheet_id == sheet.c.id)
        .lateral("counts")
    )
    return select(sheet, class_session.c.number.label("session_number"), class_session.c.held_on, counts).select_from(
        sheet.join(class_session, class_session.c.id == sheet.c.session_id).join(counts, true())
    )


def _columns(row: Row[Any]) -> dict[str, Any]:
    mapping = row._mapping
    return {name: mapping[name] for name in SheetSummary.model_fields}


async def _lines(tx: Transaction, of: Row[Any]) -> list[SheetLineView]:
    own = await tx.fetch_one(
        select(training_class.c.programme_id, training_class.c.course_code).where(training_class.c.id == of.class_id)
    )
    rows = await tx.fetch_all(
        select(sheet_entry, enrolment.c.class_id, enrolment.c.programme_id, enrolment.c.course_code)
        .select_from(sheet_entry.outerjoin(enrolment, enrolment.c.id == sheet_entry.c.enrolment_id))
        .where(sheet_entry.c.sheet_id == of.id)
        .order_by(sheet_entry.c.enrolment_id)
    )
    return [
        SheetLineView(
            enrolment_id=row.enrolment_id, attendance=row.attendance, standing=_standing(row, of.class_id, own)
        )
        for row in rows
    ]


def _standing(line: Row[Any], class_id: UUID, own: Row[Any] | None) -> str:
    if own is None or (line.programme_id, line.course_code) != (own.programme_id, own.course_code):
        return "unresolved"
    return "own" if line.class_id == class_id else "make_up"
