"""Providers, courses, classes and their sessions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_if_new

from chassis.ids import new_id
from chassis.rows import one_of
from chassis.transaction import Transaction
from services.training.domain.course import CompletionRule, Course, CourseUnknown
from services.training.domain.occasion import Occasion
from services.training.domain.training_class import ClassUnknown, Session, SessionRedated, TrainingClass
from services.training.store.tables import class_session, course, provider, session_redating, training_class


async def insert_provider(tx: Transaction, row: dict[str, Any]) -> bool:
    """Add a provider; False if its code is taken."""
    statement = insert_if_new(provider).values(row).on_conflict_do_nothing().returning(provider.c.id)
    return await tx.scalar(statement) is not None


async def insert_course(tx: Transaction, row: dict[str, Any]) -> bool:
    """Add a course; False if its code is taken."""
    statement = insert_if_new(course).values(row).on_conflict_do_nothing().returning(course.c.id)
    return await tx.scalar(statement) is not None


async def has_provider(tx: Transaction, code: str) -> bool:
    """Whether a provider bears this code."""
    return await tx.scalar(select(provider.c.id).where(provider.c.code == code)) is not None


async def load_course(tx: Transaction, code: str) -> Course:
    """The course with this code; raises CourseUnknown."""
    row = await tx.fetch_one(select(course).where(course.c.code == code))
    if row is None:
        raise CourseUnknown(course_code=code)
    return Course(row.code, CompletionRule(row.sessions, row.share_percent))


async def insert_class(tx: Transaction, new: TrainingClass, occasion: Occasion) -> None:
    """Write a class and its sessions."""
    row = {
        "id": new.class_id,
        "programme_id": new.programme_id,
        "course_code": new.course_code,
        "provider_code": new.provider_code,
        "capacity": new.capacity,
        "sessions_required": new.sessions_required,
        "agency": new.agency,
        "region_code": new.place_region_code,
        "scheduled_on": occasion.occurred_on,
        "decided_on": new.decided_on,
        "version": new.version,
    }
    await tx.execute(insert(training_class), row)
    sessions = [
        {"id": each.session_id, "class_id": new.class_id, "number": each.number, "held_on": each.held_on}
        for each in new.sessions
    ]
    await tx.execute(insert(class_session), sessions)


async def load_class(tx: Transaction, class_id: UUID, *, for_update: bool = False) -> TrainingClass:
    """One class; raises ClassUnknown."""
    found = await load_classes(tx, [class_id], for_update=for_update)
    if not found:
        raise ClassUnknown(class_id=class_id)
    return found[class_id]


async def load_classes(
    tx: Transaction, class_ids: Sequence[UUID], *, for_update: bool = False
) -> dict[UUID, TrainingClass]:
    """Those of the classes that are visible, locked in one order if asked: classes before people, always."""
    ids = list(class_ids)
    statement = select(training_class).where(one_of(training_class.c.id, ids)).order_by(training_class.c.id)
    if for_update:
        statement = statement.with_for_update(key_share=True)
    rows = await tx.fetch_all(statement)
    sessions: dict[UUID, list[Session]] = {row.id: [] for row in rows}
    of_classes = select(class_session).where(one_of(class_session.c.class_id, ids)).order_by(class_session.c.number)
    for each in await tx.fetch_all(of_classes):
        if each.class_id in sessions:
            sessions[each.class_id].append(Session(each.id, each.number, each.held_on))
    return {row.id: _class(row, tuple(sessions[row.id])) for row in rows}


def _class(row: Row[Any], sessions: tuple[Session, ...]) -> TrainingClass:
    return TrainingClass(
        class_id=row.id,
        programme_id=row.programme_id,
        course_code=row.course_code,
        provider_code=row.provider_code,
        place_region_code=row.region_code,
        capacity=row.capacity,
        sessions=sessions,
        sessions_required=row.sessions_required,
        agency=row.agency,
        version=row.version,
        decided_on=row.decided_on,
    )


async def save_class(tx: Transaction, changed: TrainingClass) -> None:
    """Write what may change of a class itself."""
    await tx.execute(
        update(training_class)
        .where(training_class.c.id == changed.class_id)
        .values(version=changed.version, decided_on=changed.decided_on)
    )


async def save_redating(tx: Transaction, fact: SessionRedated, reason: str, occasion: Occasion) -> None:
    """Move the session and keep where it was."""
    await tx.execute(update(class_session).where(class_session.c.id == fact.session_id).values(held_on=fact.held_on))
    row = {
        "id": new_id(),
        "session_id": fact.session_id,
        "previously_on": fact.previously_on,
        "held_on": fact.held_on,
        "reason": reason,
        "maker": tx.officer.identity,
        "occurred_on": occasion.occurred_on,
        "late_entry_reason": occasion.late_entry_reason,
        "recorded_at": tx.now,
    }
    await tx.execute(insert(session_redating), row)
