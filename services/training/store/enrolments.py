"""Enrolments, their history, the days they book and the attendance that counts for them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.rows import insert_rows, one_of, update_rows
from chassis.transaction import Transaction
from services.training.domain.enrolment import (
    Enrolment,
    EnrolmentStatus,
    EnrolmentUnknown,
    NotCompletedReason,
    WithdrawalReason,
)
from services.training.domain.occasion import Occasion
from services.training.store.people import lock_people
from services.training.store.tables import booked_day, counted_attendance, enrolment, enrolment_history

HOLDS_ITS_PLACE = or_(enrolment.c.reason.is_(None), enrolment.c.reason == NotCompletedReason.ATTENDANCE_SHORT.value)
"""Still enrolled, or decided by attendance: whoever left, died or moved freed the place."""


async def places_taken(tx: Transaction, class_id: UUID) -> int:
    """Places given away; only sound while the class is locked."""
    taken = select(func.count()).select_from(enrolment).where(enrolment.c.class_id == class_id, HOLDS_ITS_PLACE)
    return int(await tx.scalar(taken))


async def insert_enrolments(
    tx: Transaction, new: Sequence[Enrolment], dates: Sequence[date], occasion: Occasion
) -> None:
    """Write new enrolments of one class and book its days for them."""
    if not new:
        return
    await insert_rows(tx, enrolment, [{"id": each.enrolment_id, **_state(each), **_fixed(each)} for each in new])
    await _remember(tx, new, occasion)
    await _book(tx, new, {each.enrolment_id: dates for each in new})


async def save_enrolments(
    tx: Transaction,
    changed: Sequence[Enrolment],
    occasion: Occasion,
    dates: Mapping[UUID, Sequence[date]] | None = None,
) -> None:
    """Write changed enrolments; `dates` by enrolment where they have other days now."""
    if not changed:
        return
    await update_rows(tx, enrolment, [{"id": each.enrolment_id, **_state(each)} for each in changed])
    await _remember(tx, changed, occasion)
    left = [each.enrolment_id for each in changed if not each.holds_its_days]
    moved = list(dates or ())
    if left or moved:
        free = update(booked_day).where(one_of(booked_day.c.enrolment_id, [*left, *moved])).values(is_active=False)
        await tx.execute(free)
    await _book(tx, [each for each in changed if each.holds_its_days], dates or {})


async def load_enrolment(tx: Transaction, enrolment_id: UUID) -> Enrolment:
    """One enrolment as it stands; raises EnrolmentUnknown."""
    row = await tx.fetch_one(select(enrolment).where(enrolment.c.id == enrolment_id))
    if row is None:
        raise EnrolmentUnknown(enrolment_id=enrolment_id)
    return _enrolment(row)


async def lock_enrolment(tx: Transaction, enrolment_id: UUID) -> Enrolment:
    """One enrolment, locked after its person; raises EnrolmentUnknown."""
    found = await lock_enrolments(tx, [enrolment_id])
    if not found:
        raise EnrolmentUnknown(enrolment_id=enrolment_id)
    return found[0]


async def lock_enrolments(tx: Transaction, enrolment_ids: Iterable[UUID]) -> list[Enrolment]:
    """Those that are visible, locked: people first, each in one order, so that no two writers wait in a circle."""
    ids = list(set(enrolment_ids))
    people = select(enrolment.c.person_id).where(one_of(enrolment.c.id, ids))
    await lock_people(tx, [row.person_id for row in await tx.fetch_all(people)])
    return await _lock(tx, one_of(enrolment.c.id, ids))


async def lock_open_enrolments_of_people(tx: Transaction, person_ids: Sequence[UUID]) -> list[Enrolment]:
    """Undecided enrolments of these people, whose rows the caller has locked."""
    return await _lock(tx, one_of(enrolment.c.person_id, list(person_ids)), enrolment.c.status == "enrolled")


async def ids_of_class(tx: Transaction, class_id: UUID) -> list[UUID]:
    """Ids of all enrolments of a class; complete only while the class is locked."""
    rows = await tx.fetch_all(select(enrolment.c.id).where(enrolment.c.class_id == class_id))
    return [row.id for row in rows]


async def ids_of_course(
    tx: Transaction, programme_id: UUID, course_code: str, candidates: Iterable[UUID]
) -> frozenset[UUID]:
    """Those of the candidates that are enrolments of this course in this programme, of whichever sister class."""
    rows = await tx.fetch_all(
        select(enrolment.c.id).where(
            one_of(enrolment.c.id, set(candidates)),
            enrolment.c.programme_id == programme_id,
            enrolment.c.course_code == course_code,
        )
    )
    return frozenset(row.id for row in rows)


async def sessions_attended(tx: Transaction, enrolment_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Verified presence by enrolment: each session number once, wherever it was attended."""
    ids = list(set(enrolment_ids))
    sessions = func.count(counted_attendance.c.session_number.distinct()).label("sessions")
    rows = await tx.fetch_all(
        select(counted_attendance.c.enrolment_id, sessions)
        .where(
            one_of(counted_attendance.c.enrolment_id, ids),
            counted_attendance.c.is_current,
            counted_attendance.c.attendance == "present",
        )
        .group_by(counted_attendance.c.enrolment_id)
    )
    return dict.fromkeys(ids, 0) | {row.enrolment_id: int(row.sessions) for row in rows}


async def _lock(tx: Transaction, *conditions: Any) -> list[Enrolment]:
    statement = select(enrolment).where(*conditions).order_by(enrolment.c.id).with_for_update(key_share=True)
    return [_enrolment(row) for row in await tx.fetch_all(statement)]


async def _book(tx: Transaction, enrolments: Sequence[Enrolment], dates: Mapping[UUID, Sequence[date]]) -> None:
    """Book the days that `dates` has for an enrolment; one that it does not name keeps what it has."""
    statement = upsert(booked_day)
    again = statement.on_conflict_do_update(
        index_elements=[booked_day.c.enrolment_id, booked_day.c.held_on], set_={"is_active": True}
    )
    rows = [
        {
            "enrolment_id": each.enrolment_id,
            "held_on": held_on,
            "person_id": each.person_id,
            "programme_id": each.programme_id,
            "is_active": True,
        }
        for each in enrolments
        for held_on in dates.get(each.enrolment_id, ())
    ]
    if rows:
        await tx.execute(again, rows)


async def _remember(tx: Transaction, enrolments: Sequence[Enrolment], occasion: Occasion) -> None:
    rows = [
        {
            "enrolment_id": each.enrolment_id,
            "version": each.version,
            "class_id": each.class_id,
            "status": each.status.value,
            "reason": each.reason and each.reason.value,
            "withdrawal_reason": each.withdrawal_reason and each.withdrawal_reason.value,
            "sessions_attended": each.sessions_attended,
            "actor": tx.officer.identity,
            "occurred_on": occasion.occurred_on,
            "late_entry_reason": occasion.late_entry_reason,
            "recorded_at": tx.now,
        }
        for each in enrolments
    ]
    await tx.execute(insert(enrolment_history), rows)


def _fixed(each: Enrolment) -> dict[str, Any]:
    return {"person_id": each.person_id, "programme_id": each.programme_id, "course_code": each.course_code}


def _state(each: Enrolment) -> dict[str, Any]:
    return {
        "class_id": each.class_id,
        "status": each.status.value,
        "reason": each.reason and each.reason.value,
        "withdrawal_reason": each.withdrawal_reason and each.withdrawal_reason.value,
        "sessions_attended": each.sessions_attended,
        "sessions_required": each.sessions_required,
        "completed_on": each.completed_on,
        "agency": each.agency,
        "region_code": each.region_code,
        "version": each.version,
    }


def _enrolment(row: Row[Any]) -> Enrolment:
    return Enrolment(
        enrolment_id=row.id,
        person_id=row.person_id,
        programme_id=row.programme_id,
        course_code=row.course_code,
        class_id=row.class_id,
        sessions_required=row.sessions_required,
        agency=row.agency,
        region_code=row.region_code,
        status=EnrolmentStatus(row.status),
        reason=NotCompletedReason(row.reason) if row.reason else None,
        withdrawal_reason=WithdrawalReason(row.withdrawal_reason) if row.withdrawal_reason else None,
        sessions_attended=row.sessions_attended,
        completed_on=row.completed_on,
        version=row.version,
    )
