"""Read classes: who gives them where and when, how full they are, and which attendance is still awaited."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, func, select

from chassis.paging import Page, fetch_scoped_page
from chassis.transaction import Transaction
from services.training.domain.training_class import ClassUnknown
from services.training.store.enrolments import HOLDS_ITS_PLACE
from services.training.store.tables import class_session, enrolment, sheet, training_class


class SessionView(BaseModel):
    """A session; neither sheet id: its attendance is awaited from the provider."""

    id: UUID
    number: int
    held_on: date
    verified_sheet_id: UUID | None
    open_sheet_id: UUID | None


class ClassView(BaseModel):
    """A class; `decided_on` is set once every session is verified."""

    id: UUID
    programme_id: UUID
    course_code: str
    provider_code: str
    place_region_code: str
    capacity: int
    places_taken: int
    sessions_required: int
    scheduled_on: date
    decided_on: date | None
    version: int
    sessions: list[SessionView]


async def find_class(tx: Transaction, class_id: UUID) -> ClassView:
    """One class; raises ClassUnknown."""
    views = await _views(tx, await tx.fetch_all(select(training_class).where(training_class.c.id == class_id)))
    if not views:
        raise ClassUnknown(class_id=class_id)
    return views[0]


async def find_classes(
    tx: Transaction, programme_id: UUID | None, course_code: str | None, after: str | None, limit: int
) -> Page[ClassView]:
    """Classes by agency, place and id, of a programme or course if asked."""
    statement = select(training_class)
    if programme_id is not None:
        statement = statement.where(training_class.c.programme_id == programme_id)
    if course_code is not None:
        statement = statement.where(training_class.c.course_code == course_code)
    found = await fetch_scoped_page(tx, statement, training_class, after, limit)
    return Page(items=await _views(tx, found.rows), next=found.next)


async def _views(tx: Transaction, rows: Sequence[Row[Any]]) -> list[ClassView]:
    ids = [row.id for row in rows]
    counted = await tx.fetch_all(
        select(enrolment.c.class_id, func.count().label("places"))
        .where(enrolment.c.class_id.in_(ids), HOLDS_ITS_PLACE)
        .group_by(enrolment.c.class_id)
    )
    places = {row.class_id: row.places for row in counted}
    sessions = await _sessions(tx, ids)
    return [
        ClassView(
            id=row.id,
            programme_id=row.programme_id,
            course_code=row.course_code,
            provider_code=row.provider_code,
            place_region_code=row.region_code,
            capacity=row.capacity,
            places_taken=places.get(row.id, 0),
            sessions_required=row.sessions_required,
            scheduled_on=row.scheduled_on,
            decided_on=row.decided_on,
            version=row.version,
            sessions=sessions[row.id],
        )
        for row in rows
    ]


async def _sessions(tx: Transaction, class_ids: list[UUID]) -> dict[UUID, list[SessionView]]:
    live = await tx.fetch_all(
        select(sheet.c.session_id, sheet.c.id, sheet.c.state).where(
            sheet.c.class_id.in_(class_ids), sheet.c.state.in_(("reported", "proposed", "verified"))
        )
    )
    verified = {row.session_id: row.id for row in live if row.state == "verified"}
    waiting = {row.session_id: row.id for row in live if row.state != "verified"}
    by_class: dict[UUID, list[SessionView]] = defaultdict(list)
    statement = select(class_session).where(class_session.c.class_id.in_(class_ids)).order_by(class_session.c.number)
    for row in await tx.fetch_all(statement):
        view = SessionView(
            id=row.id,
            number=row.number,
            held_on=row.held_on,
            verified_sheet_id=verified.get(row.id),
            open_sheet_id=waiting.get(row.id),
        )
        by_class[row.class_id].append(view)
    return by_class
