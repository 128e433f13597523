"""Attendance sheets in revisions, and what of them counts."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from chassis.rows import one_of
from chassis.transaction import Transaction
from services.training.domain.occasion import Occasion
from services.training.domain.sheet import (
    Attendance,
    CorrectionReason,
    SessionSheets,
    Sheet,
    SheetRefusalReason,
    SheetState,
    SheetUnknown,
)
from services.training.domain.training_class import TrainingClass
from services.training.store.tables import counted_attendance, sheet, sheet_entry

_LIVE = (SheetState.REPORTED.value, SheetState.PROPOSED.value, SheetState.VERIFIED.value)


async def class_of_sheet(tx: Transaction, sheet_id: UUID) -> UUID:
    """The class to lock before the sheet is touched; raises SheetUnknown."""
    class_id = await tx.scalar(select(sheet.c.class_id).where(sheet.c.id == sheet_id))
    if class_id is None:
        raise SheetUnknown(sheet_id=sheet_id)
    found: UUID = class_id
    return found


async def load_sheets(tx: Transaction, sheet_ids: Sequence[UUID]) -> dict[UUID, Sheet]:
    """Sheets by id, whatever their state; the class lock guards them."""
    return {each.sheet_id: each for each in await _load(tx, one_of(sheet.c.id, list(sheet_ids)))}


async def load_sheet(tx: Transaction, sheet_id: UUID) -> Sheet:
    """One sheet; raises SheetUnknown."""
    found = await load_sheets(tx, [sheet_id])
    if not found:
        raise SheetUnknown(sheet_id=sheet_id)
    return found[sheet_id]


async def load_session_sheets(
    tx: Transaction, class_id: UUID, session_ids: Sequence[UUID]
) -> dict[UUID, SessionSheets]:
    """What there is of each session's attendance; the class is locked."""
    ids = list(session_ids)
    last = await tx.fetch_all(
        select(sheet.c.session_id, func.max(sheet.c.revision).label("last"))
        .where(one_of(sheet.c.session_id, ids))
        .group_by(sheet.c.session_id)
    )
    revisions = {row.session_id: int(row.last) for row in last}
    found = {
        session_id: SessionSheets(class_id, session_id, last_revision=revisions.get(session_id, 0))
        for session_id in ids
    }
    for each in await _load(tx, one_of(sheet.c.session_id, ids), sheet.c.state.in_(_LIVE)):
        if each.is_open:
            found[each.session_id].open = each
        else:
            found[each.session_id].verified = each
    return found


async def verified_session_ids(tx: Transaction, class_id: UUID) -> frozenset[UUID]:
    """Sessions of the class whose attendance is verified."""
    rows = await tx.fetch_all(
        select(sheet.c.session_id).where(sheet.c.class_id == class_id, sheet.c.state == SheetState.VERIFIED.value)
    )
    return frozenset(row.session_id for row in rows)


async def insert_sheet(tx: Transaction, new: Sheet, of: TrainingClass, occasion: Occasion) -> None:
    """Write a revision with its lines."""
    row = {
        "id": new.sheet_id,
        "class_id": new.class_id,
        "session_id": new.session_id,
        "revision": new.revision,
        "state": new.state.value,
        "correction_reason": new.correction_reason and new.correction_reason.value,
        "maker": new.maker,
        "reported_on": occasion.occurred_on,
        "late_entry_reason": occasion.late_entry_reason,
        "recorded_at": tx.now,
        "agency": of.agency,
        "region_code": of.place_region_code,
        "version": new.version,
    }
    await tx.execute(insert(sheet), row)
    lines = [
        {"sheet_id": new.sheet_id, "enrolment_id": enrolment_id, "attendance": attendance.value}
        for enrolment_id, attendance in new.entries.items()
    ]
    await tx.execute(insert(sheet_entry), lines)


async def save_sheet(tx: Transaction, changed: Sheet) -> None:
    """Write what may change of a revision; its lines never do."""
    await tx.execute(
        update(sheet)
        .where(sheet.c.id == changed.sheet_id)
        .values(
            state=changed.state.value,
            refusal_reason=changed.refusal_reason and changed.refusal_reason.value,
            checker=changed.checker,
            checked_on=changed.checked_on,
            version=changed.version,
        )
    )


async def count_attendance(
    tx: Transaction, sheet_id: UUID, session_number: int, entries: Mapping[UUID, Attendance]
) -> None:
    """Let these lines of a verified sheet count."""
    rows = [
        {
            "sheet_id": sheet_id,
            "enrolment_id": enrolment_id,
            "session_number": session_number,
            "attendance": attendance.value,
            "is_current": True,
        }
        for enrolment_id, attendance in entries.items()
    ]
    if rows:
        await tx.execute(insert(counted_attendance), rows)


async def stop_counting(tx: Transaction, sheet_id: UUID) -> None:
    """A correction stands in the sheet's place."""
    await tx.execute(
        update(counted_attendance).where(counted_attendance.c.sheet_id == sheet_id).values(is_current=False)
    )


async def _load(tx: Transaction, *conditions: Any) -> list[Sheet]:
    rows = await tx.fetch_all(select(sheet).where(*conditions))
    ids = [row.id for row in rows]
    entries: dict[UUID, dict[UUID, Attendance]] = {sheet_id: {} for sheet_id in ids}
    for line in await tx.fetch_all(select(sheet_entry).where(one_of(sheet_entry.c.sheet_id, ids))):
        entries[line.sheet_id][line.enrolment_id] = Attendance(line.attendance)
    return [_sheet(row, entries[row.id]) for row in rows]


def _sheet(row: Row[Any], entries: Mapping[UUID, Attendance]) -> Sheet:
    return Sheet(
        sheet_id=row.id,
        class_id=row.class_id,
        session_id=row.session_id,
        revision=row.revision,
        state=SheetState(row.state),
        entries=entries,
        maker=row.maker,
        correction_reason=CorrectionReason(row.correction_reason) if row.correction_reason else None,
        refusal_reason=SheetRefusalReason(row.refusal_reason) if row.refusal_reason else None,
        checker=row.checker,
        checked_on=row.checked_on,
        version=row.version,
    )
