"""Mentoring plans with their visits."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.sql.elements import ColumnElement

from chassis.rows import insert_rows, inserting, one_of, updating, write_together
from chassis.transaction import Transaction
from services.followup.domain.errors import PlanNotFound, VisitNotFound
from services.followup.domain.outcome import AssetState, Outcome
from services.followup.domain.plan import Handover, Hold, MentoringPlan, Visit
from services.followup.domain.schedule import Schedule
from services.followup.store.tables import empowerment, graduation, mentoring_plan, visit, visit_correction


async def load_plan(tx: Transaction, plan_id: UUID, for_update: bool = False) -> MentoringPlan:
    """A plan with its visits; locked, it orders all facts of the plan. Raises PlanNotFound."""
    plans = await _load(tx, mentoring_plan.c.id == plan_id, for_update)
    if not plans:
        raise PlanNotFound(plan_id=plan_id)
    return plans[0]


async def load_plan_of_visit(tx: Transaction, visit_id: UUID, for_update: bool = False) -> tuple[MentoringPlan, Visit]:
    """The plan a visit belongs to, and the visit. Raises VisitNotFound."""
    plan_id = await tx.scalar(select(visit.c.plan_id).where(visit.c.id == visit_id))
    if plan_id is None:
        raise VisitNotFound(visit_id=visit_id)
    plan = await load_plan(tx, plan_id, for_update)
    return plan, next(each for each in plan.visits if each.id == visit_id)


async def lock_plans_of_grants(tx: Transaction, grant_ids: Iterable[UUID]) -> dict[UUID, MentoringPlan]:
    """Plans by grant, locked in one order."""
    plans = await _load(tx, one_of(mentoring_plan.c.grant_id, set(grant_ids)), for_update=True)
    return {plan.grant_id: plan for plan in plans}


async def lock_plans_of_person(tx: Transaction, person_id: UUID) -> list[MentoringPlan]:
    """All plans of a person, locked in one order."""
    return await _load(tx, mentoring_plan.c.person_id == person_id, for_update=True)


async def find_plans(tx: Transaction, plan_ids: Sequence[UUID]) -> list[MentoringPlan]:
    """Plans in order of their ids, without a lock."""
    return await _load(tx, one_of(mentoring_plan.c.id, plan_ids), for_update=False)


async def find_plans_of_person(tx: Transaction, person_id: UUID) -> list[MentoringPlan]:
    """Plans of a person, oldest first, without a lock."""
    return await _load(tx, mentoring_plan.c.person_id == person_id, for_update=False)


async def insert_plans(tx: Transaction, plans: Sequence[MentoringPlan]) -> None:
    """Write new plans with their visits."""
    if not plans:
        return
    visits = [_visit_row(plan, each) for plan in plans for each in plan.visits]
    await write_together(tx, inserting(mentoring_plan, [_plan_row(plan) for plan in plans]), inserting(visit, visits))


async def save_plan(tx: Transaction, plan: MentoringPlan, *changed: Visit) -> None:
    """Write a loaded plan and those of its visits that changed."""
    await save_plans(tx, [(plan, changed)])


async def save_plans(tx: Transaction, changes: Sequence[tuple[MentoringPlan, Sequence[Visit]]]) -> None:
    """Write loaded plans, each with those of its visits that changed."""
    if not changes:
        return
    visits = [_visit_row(plan, each) for plan, changed in changes for each in changed]
    plans = [_plan_row(plan) for plan, _ in changes]
    await write_together(tx, updating(mentoring_plan, plans), updating(visit, visits))


async def move_plans(tx: Transaction, plans: Sequence[MentoringPlan], region_code: str) -> None:
    """Bring locked plans, and all that is filed under them, to the village their person lives in."""
    ids = [plan.id for plan in plans if plan.region_code != region_code]
    if not ids:
        return
    await tx.execute(update(mentoring_plan).where(one_of(mentoring_plan.c.id, ids)).values(region_code=region_code))
    for table in (visit, visit_correction, empowerment, graduation):
        await tx.execute(update(table).where(one_of(table.c.plan_id, ids)).values(region_code=region_code))
    for plan in plans:
        plan.region_code = region_code


async def insert_visits(tx: Transaction, plan: MentoringPlan, visits: Sequence[Visit]) -> None:
    """Write further visits of a plan."""
    await insert_rows(tx, visit, [_visit_row(plan, each) for each in visits])


async def _load(tx: Transaction, condition: ColumnElement[bool], for_update: bool) -> list[MentoringPlan]:
    query = select(mentoring_plan).where(condition).order_by(mentoring_plan.c.id)
    rows = await tx.fetch_all(query.with_for_update() if for_update else query)
    plans = {row.id: _plan(row) for row in rows}
    visits = select(visit).where(one_of(visit.c.plan_id, plans)).order_by(visit.c.plan_id, visit.c.visit_number)
    for row in await tx.fetch_all(visits) if plans else ():
        plans[row.plan_id].visits.append(_visit(row))
    return list(plans.values())


def _plan(row: Row[Any]) -> MentoringPlan:
    return MentoringPlan(
        id=row.id,
        grant_id=row.grant_id,
        person_id=row.person_id,
        family_id=row.family_id,
        programme_id=row.programme_id,
        case_id=row.case_id,
        package_code=row.package_code,
        agency=row.agency,
        region_code=row.region_code,
        handover=Handover(row.bast_id, row.handed_over_on, row.handover_late_entry_reason),
        schedule=Schedule(row.visits_count, row.interval_months),
        holds={Hold(hold): date.fromisoformat(day) for hold, day in row.holds.items()},
        baseline_income_rupiah=row.baseline_income_rupiah,
        version=row.version,
    )


def _plan_row(plan: MentoringPlan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "grant_id": plan.grant_id,
        "person_id": plan.person_id,
        "family_id": plan.family_id,
        "programme_id": plan.programme_id,
        "case_id": plan.case_id,
        "package_code": plan.package_code,
        "agency": plan.agency,
        "region_code": plan.region_code,
        "bast_id": plan.handover.bast_id,
        "handed_over_on": plan.handover.handed_over_on,
        "handover_late_entry_reason": plan.handover.late_entry_reason,
        "visits_count": plan.schedule.visits_count,
        "interval_months": plan.schedule.interval_months,
        "state": plan.state.value,
        "holds": {hold.value: day.isoformat() for hold, day in plan.holds.items()},
        "baseline_income_rupiah": plan.baseline_income_rupiah,
        "version": plan.version,
    }


def _visit(row: Row[Any]) -> Visit:
    outcome = None
    if row.recorded_at is not None:
        outcome = Outcome(
            row.monthly_turnover_rupiah,
            row.monthly_income_rupiah,
            row.family_working_hours,
            AssetState(row.asset_state),
        )
    return Visit(
        id=row.id,
        number=row.visit_number,
        due_on=row.due_on,
        announced_at=row.announced_at,
        occurred_on=row.occurred_on,
        late_entry_reason=row.late_entry_reason,
        outcome=outcome,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        note_sealed=row.note_sealed,
    )


def _visit_row(plan: MentoringPlan, each: Visit) -> dict[str, Any]:
    outcome = each.outcome
    return {
        "id": each.id,
        "plan_id": plan.id,
        "programme_id": plan.programme_id,
        "agency": plan.agency,
        "region_code": plan.region_code,
        "visit_number": each.number,
        "due_on": each.due_on,
        "announced_at": each.announced_at,
        "occurred_on": each.occurred_on,
        "late_entry_reason": each.late_entry_reason,
        "monthly_turnover_rupiah": outcome.monthly_turnover_rupiah if outcome else None,
        "monthly_income_rupiah": outcome.monthly_income_rupiah if outcome else None,
        "family_working_hours": outcome.family_working_hours if outcome else None,
        "asset_state": outcome.asset_state.value if outcome else None,
        "recorded_by": each.recorded_by,
        "recorded_at": each.recorded_at,
        "note_sealed": each.note_sealed,
    }
