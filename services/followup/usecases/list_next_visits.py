"""Whom a mentor visits next."""

from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from chassis.paging import Page, PageRequest, RegionCode, fetch_scoped_page
from chassis.transaction import Transaction
from services.followup.domain.plan import PlanState, VisitState
from services.followup.domain.schedule import OVERDUE_AFTER_DAYS
from services.followup.store.tables import mentoring_plan as p
from services.followup.store.tables import visit as v


class OpenVisitState(StrEnum):
    """States of a visit still to be made."""

    PLANNED = VisitState.PLANNED.value
    DUE = VisitState.DUE.value
    OVERDUE = VisitState.OVERDUE.value


class NextVisitFilter(PageRequest):
    """Which open visits; without a state those that are due or overdue."""

    state: OpenVisitState | None = None
    programme_id: UUID | None = None
    region: RegionCode | None = None


class NextVisit(BaseModel):
    """A visit to make; the name and address come from the registry, with a purpose."""

    visit_id: UUID
    plan_id: UUID
    person_id: UUID
    programme_id: UUID
    region_code: str
    package_code: str
    visit_number: int
    due_on: date
    state: VisitState


async def list_next_visits(tx: Transaction, wanted: NextVisitFilter) -> Page[NextVisit]:
    """Visits without a record in active plans, village by village, the longest due first."""
    overdue_before = tx.today - timedelta(days=OVERDUE_AFTER_DAYS)
    ranges = {
        None: v.c.due_on <= tx.today,
        OpenVisitState.PLANNED: v.c.due_on > tx.today,
        OpenVisitState.DUE: v.c.due_on.between(overdue_before, tx.today),
        OpenVisitState.OVERDUE: v.c.due_on < overdue_before,
    }
    columns = (v.c.id, v.c.plan_id, v.c.visit_number, v.c.due_on, p.c.person_id, v.c.programme_id, p.c.package_code)
    query = (
        select(*columns, p.c.region_code)
        .join(p, p.c.id == v.c.plan_id)
        .where(v.c.recorded_at.is_(None), p.c.state == PlanState.ACTIVE.value, ranges[wanted.state])
    )
    if wanted.programme_id is not None:
        query = query.where(v.c.programme_id == wanted.programme_id)
    found = await fetch_scoped_page(
        tx, query, v, wanted.after, wanted.limit, region=wanted.region, then=("due_on", "id")
    )
    items = [
        NextVisit(
            visit_id=row.id,
            plan_id=row.plan_id,
            person_id=row.person_id,
            programme_id=row.programme_id,
            region_code=row.region_code,
            package_code=row.package_code,
            visit_number=row.visit_number,
            due_on=row.due_on,
            state=_state(row.due_on, tx.today, overdue_before),
        )
        for row in found.rows
    ]
    return Page(items=items, next=found.next)


def _state(due_on: date, today: date, overdue_before: date) -> VisitState:
    if due_on > today:
        return VisitState.PLANNED
    return VisitState.OVERDUE if due_on < overdue_before else VisitState.DUE
