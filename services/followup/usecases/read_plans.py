"""Plans with their visits, outcomes, candidature and graduations."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from chassis.paging import Page, PageRequest, RegionCode, fetch_scoped_page
from chassis.transaction import Transaction
from services.followup.domain.empowerment import EmpowermentState, Shortfall
from services.followup.domain.graduation import GraduationState
from services.followup.domain.outcome import AssetState
from services.followup.domain.plan import Hold, MentoringPlan, PlanState, Visit, VisitState
from services.followup.store.empowerments import load_current_empowerment
from services.followup.store.graduations import find_graduations_of_plan
from services.followup.store.plans import find_plans, find_plans_of_person, load_plan
from services.followup.store.rules import load_rule
from services.followup.store.tables import mentoring_plan as p


class VisitView(BaseModel):
    """One visit; the note itself is read apart, with a trail."""

    visit_id: UUID
    visit_number: int
    due_on: date
    state: VisitState
    occurred_on: date | None
    monthly_turnover_rupiah: int | None
    monthly_income_rupiah: int | None
    family_working_hours: int | None
    asset_state: AssetState | None
    has_note: bool
    recorded_by: str | None


class PlanView(BaseModel):
    """A plan and its visits."""

    plan_id: UUID
    grant_id: UUID
    person_id: UUID
    family_id: UUID
    programme_id: UUID
    case_id: UUID
    package_code: str
    agency: str
    region_code: str
    handed_over_on: date
    state: PlanState
    holds: list[Hold]
    baseline_income_rupiah: int | None
    version: int
    visits: list[VisitView]


class EmpowermentBrief(BaseModel):
    """The open candidate or the confirmed empowerment."""

    empowerment_id: UUID
    state: EmpowermentState
    in_doubt: bool
    rule_version: int
    version: int


class GraduationBrief(BaseModel):
    """One graduation."""

    graduation_id: UUID
    state: GraduationState
    flagged: bool
    waiting_for: str | None
    answer_due_on: date
    version: int


class PlanDetails(PlanView):
    """A plan with what came of it, and what the rule of today still misses."""

    rule_version: int
    shortfalls: list[Shortfall]
    empowerment: EmpowermentBrief | None
    graduations: list[GraduationBrief]


class PlanFilter(PageRequest):
    """Which plans to list."""

    programme_id: UUID | None = None
    state: PlanState | None = None
    region: RegionCode | None = None


class PersonPlans(BaseModel):
    """All plans of one person."""

    person_id: UUID
    plans: list[PlanDetails]


async def find_plan(tx: Transaction, plan_id: UUID) -> PlanDetails:
    """One plan. Raises PlanNotFound."""
    return await _details(tx, await load_plan(tx, plan_id))


async def find_person(tx: Transaction, person_id: UUID) -> PersonPlans:
    """Plans of a person within the officer's scope; an empty list for a person never heard of."""
    plans = await find_plans_of_person(tx, person_id)
    return PersonPlans(person_id=person_id, plans=[await _details(tx, plan) for plan in plans])


async def list_plans(tx: Transaction, wanted: PlanFilter) -> Page[PlanView]:
    """Plans by agency, village and id."""
    equal = {"state": wanted.state and wanted.state.value, "programme_id": wanted.programme_id}
    found = await fetch_scoped_page(
        tx, select(p.c.id), p, wanted.after, wanted.limit, equal=equal, region=wanted.region
    )
    plans = {plan.id: plan for plan in await find_plans(tx, [row.id for row in found.rows])}
    # One may have left the reader's scope between the two statements.
    shown = [plans[row.id] for row in found.rows if row.id in plans]
    return Page(items=[PlanView(**_plain(plan, tx.today)) for plan in shown], next=found.next)


async def _details(tx: Transaction, plan: MentoringPlan) -> PlanDetails:
    rule = await load_rule(tx, tx.today)
    current = await load_current_empowerment(tx, plan.id)
    brief = None
    if current is not None:
        brief = EmpowermentBrief(
            empowerment_id=current.id,
            state=current.state,
            in_doubt=current.in_doubt,
            rule_version=current.rule_version,
            version=current.version,
        )
    graduations = [
        GraduationBrief(
            graduation_id=each.id,
            state=each.state,
            flagged=each.flagged,
            waiting_for=each.waiting_for,
            answer_due_on=each.answer_due_on,
            version=each.version,
        )
        for each in await find_graduations_of_plan(tx, plan.id)
    ]
    shortfalls = rule.shortfalls(plan)
    return PlanDetails(
        **_plain(plan, tx.today),
        rule_version=rule.version,
        shortfalls=shortfalls,
        empowerment=brief,
        graduations=graduations,
    )


def _plain(plan: MentoringPlan, today: date) -> dict[str, object]:
    return {
        "plan_id": plan.id,
        "grant_id": plan.grant_id,
        "person_id": plan.person_id,
        "family_id": plan.family_id,
        "programme_id": plan.programme_id,
        "case_id": plan.case_id,
        "package_code": plan.package_code,
        "agency": plan.agency,
        "region_code": plan.region_code,
        "handed_over_on": plan.handover.handed_over_on,
        "state": plan.state,
        "holds": sorted(plan.holds),
        "baseline_income_rupiah": plan.baseline_income_rupiah,
        "version": plan.version,
        "visits": [_visit(each, today) for each in plan.visits],
    }


def _visit(each: Visit, today: date) -> VisitView:
    outcome = each.outcome
    return VisitView(
        visit_id=each.id,
        visit_number=each.number,
        due_on=each.due_on,
        state=each.state_on(today),
        occurred_on=each.occurred_on,
        monthly_turnover_rupiah=outcome.monthly_turnover_rupiah if outcome else None,
        monthly_income_rupiah=outcome.monthly_income_rupiah if outcome else None,
        family_working_hours=outcome.family_working_hours if outcome else None,
        asset_state=outcome.asset_state if outcome else None,
        has_note=each.note_sealed is not None,
        recorded_by=each.recorded_by,
    )
