"""Candidates for empowerment, and what was decided about them."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from chassis.paging import Page, PageRequest, RegionCode, fetch_scoped_page
from chassis.transaction import Transaction
from services.followup.domain.empowerment import EmpowermentState, ReturnReason
from services.followup.store.tables import empowerment as e
from services.followup.store.tables import mentoring_plan as p


class EmpowermentFilter(PageRequest):
    """Which candidates."""

    state: EmpowermentState | None = None
    in_doubt: bool | None = None
    programme_id: UUID | None = None
    region: RegionCode | None = None


class EmpowermentView(BaseModel):
    """One candidate; `version` is what a decision must name."""

    empowerment_id: UUID
    plan_id: UUID
    person_id: UUID
    programme_id: UUID
    region_code: str
    rule_version: int
    state: EmpowermentState
    in_doubt: bool
    return_reason: ReturnReason | None
    maker: str
    checker: str | None
    checked_on: date | None
    version: int


async def list_empowerments(tx: Transaction, wanted: EmpowermentFilter) -> Page[EmpowermentView]:
    """Candidates by agency, village and id."""
    query = select(e, p.c.person_id).join(p, p.c.id == e.c.plan_id)
    equal = {
        "state": wanted.state and wanted.state.value,
        "in_doubt": wanted.in_doubt,
        "programme_id": wanted.programme_id,
    }
    found = await fetch_scoped_page(tx, query, e, wanted.after, wanted.limit, equal=equal, region=wanted.region)
    items = [
        EmpowermentView(
            empowerment_id=row.id,
            plan_id=row.plan_id,
            person_id=row.person_id,
            programme_id=row.programme_id,
            region_code=row.region_code,
            rule_version=row.rule_version,
            state=row.state,
            in_doubt=row.in_doubt,
            return_reason=row.return_reason,
            maker=row.maker,
            checker=row.checker,
            checked_on=row.checked_on,
            version=row.version,
        )
        for row in found.rows
    ]
    return Page(items=items, next=found.next)
