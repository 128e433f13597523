"""Read enrolments with their progress: of a class, of a person, one, or a list's outcome."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, and_, select

from chassis.errors import NotFound
from chassis.paging import Page, fetch_page
from chassis.transaction import Transaction
from services.training.domain.enrolment import EnrolmentStatus, EnrolmentUnknown
from services.training.domain.sheet import WrongProvider
from services.training.store import classes
from services.training.store.enrolments import sessions_attended
from services.training.store.tables import booked_day, enrolment, enrolment_list, enrolment_list_row


class EnrolmentView(BaseModel):
    """`sessions_attended` is what verified sheets say today; `clashing_dates`: days also booked by another class."""

    id: UUID
    person_id: UUID
    programme_id: UUID
    course_code: str
    class_id: UUID
    status: str
    reason: str | None
    withdrawal_reason: str | None
    sessions_attended: int
    sessions_required: int
    completed_on: date | None
    version: int
    clashing_dates: list[date]


class ListRowView(BaseModel):
    """What became of one row: an enrolment or the code of a refusal."""

    number: int
    person_id: UUID
    enrolment_id: UUID | None
    refusal: str | None


class EnrolmentListView(BaseModel):
    """What became of a list."""

    id: UUID
    class_id: UUID
    occurred_on: date
    enrolled_count: int
    refused_count: int
    rows: list[ListRowView]


async def find_enrolment(tx: Transaction, enrolment_id: UUID) -> EnrolmentView:
    """One enrolment; raises EnrolmentUnknown."""
    views = await _views(tx, await tx.fetch_all(select(enrolment).where(enrolment.c.id == enrolment_id)))
    if not views:
        raise EnrolmentUnknown(enrolment_id=enrolment_id)
    return views[0]


async def find_enrolments_of_class(
    tx: Transaction, class_id: UUID, after: UUID | None, limit: int
) -> Page[EnrolmentView]:
    """Enrolments of a class by id; raises ClassUnknown."""
    await classes.load_class(tx, class_id)
    of_class = select(enrolment).where(enrolment.c.class_id == class_id)
    found = await fetch_page(tx, of_class, enrolment.c.id, after, limit)
    return Page(items=await _views(tx, found.rows), next=found.next)


async def find_enrolments_for_provider(
    tx: Transaction, class_id: UUID, after: UUID | None, limit: int
) -> Page[EnrolmentView]:
    """The same for the class's own provider; raises ClassUnknown, WrongProvider."""
    if (await classes.load_class(tx, class_id)).provider_code != tx.officer.agency:
        raise WrongProvider(class_id=class_id)
    return await find_enrolments_of_class(tx, class_id, after, limit)


async def find_enrolments_of_person(
    tx: Transaction, person_id: UUID, after: UUID | None, limit: int
) -> Page[EnrolmentView]:
    """Enrolments of a person that the officer may see, by id."""
    of_person = select(enrolment).where(enrolment.c.person_id == person_id)
    found = await fetch_page(tx, of_person, enrolment.c.id, after, limit)
    return Page(items=await _views(tx, found.rows), next=found.next)


async def find_enrolment_list(tx: Transaction, list_id: UUID) -> EnrolmentListView:
    """Outcome of a list, row by row; raises NotFound."""
    head = await tx.fetch_one(select(enrolment_list).where(enrolment_list.c.id == list_id))
    if head is None:
        raise NotFound(list_id=list_id)
    of_list = select(enrolment_list_row).where(enrolment_list_row.c.list_id == list_id)
    rows = [
        ListRowView(number=row.number, person_id=row.person_id, enrolment_id=row.enrolment_id, refusal=row.refusal)
        for row in await tx.fetch_all(of_list.order_by(enrolment_list_row.c.number))
    ]
    refused = sum(row.refusal is not None for row in rows)
    return EnrolmentListView(
        id=head.id,
        class_id=head.class_id,
        occurred_on=head.occurred_on,
        enrolled_count=len(rows) - refused,
        refused_count=refused,
        rows=rows,
    )


async def _views(tx: Transaction, rows: Sequence[Row[Any]]) -> list[EnrolmentView]:
    ids = [row.id for row in rows]
    attended = await sessions_attended(tx, [row.id for row in rows if row.status == EnrolmentStatus.ENROLLED])
    clashes = await _clashes(tx, ids)
    return [
        EnrolmentView(
            id=row.id,
            person_id=row.person_id,
            programme_id=row.programme_id,
            course_code=row.course_code,
            class_id=row.class_id,
            status=row.status,
            reason=row.reason,
            withdrawal_reason=row.withdrawal_reason,
            sessions_attended=attended.get(row.id, row.sessions_attended),
            sessions_required=row.sessions_required,
            completed_on=row.completed_on,
            version=row.version,
            clashing_dates=clashes[row.id],
        )
        for row in rows
    ]


async def _clashes(tx: Transaction, enrolment_ids: list[UUID]) -> dict[UUID, list[date]]:
    mine, other = booked_day.alias(), booked_day.alias()
    same_day = and_(
        other.c.person_id == mine.c.person_id,
        other.c.held_on == mine.c.held_on,
        other.c.enrolment_id != mine.c.enrolment_id,
        other.c.is_active,
    )
    found: dict[UUID, list[date]] = defaultdict(list)
    for row in await tx.fetch_all(
        select(mine.c.enrolment_id, mine.c.held_on)
        .distinct()
        .select_from(mine.join(other, same_day))
        .where(mine.c.enrolment_id.in_(enrolment_ids), mine.c.is_active)
        .order_by(mine.c.held_on)
    ):
        found[row.enrolment_id].append(row.held_on)
    return found
