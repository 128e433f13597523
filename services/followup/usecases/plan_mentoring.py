"""Aid was handed over: plan the visits, or go on with the plan that a voided handover suspended."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.consumer import Delivered
from chassis.ids import derived_id
from chassis.transaction import Transaction
from contracts.disbursement import AidHandedOverV1
from services.followup.domain.facts import PlanFact, When
from services.followup.domain.plan import Handover, Hold, MentoringPlan
from services.followup.domain.schedule import DEFAULT_PACKAGE, Schedule
from services.followup.outgoing import publish_facts, when_heard
from services.followup.store.people import ACTIVE, lock_people
from services.followup.store.plans import insert_plans, lock_plans_of_grants, save_plans
from services.followup.store.rules import load_schedules
from services.followup.usecases.schedule_visits import VISIT_DUE, schedule_visits

HandedOver = Delivered[AidHandedOverV1]


async def plan_mentoring(tx: Transaction, events: Sequence[HandedOver]) -> None:
    """One plan per grant. A recipient known as dead or moved away gets a plan that is stopped at once."""
    people = await lock_people(tx, (event.data.person_id for event in events))
    known = await lock_plans_of_grants(tx, (event.data.grant_id for event in events))
    schedules = await load_schedules(tx)
    made: dict[UUID, MentoringPlan] = {}
    told: list[tuple[MentoringPlan, PlanFact | None, HandedOver]] = []
    for event in events:
        plan = made.get(event.data.grant_id) or known.get(event.data.grant_id)
        if plan is not None:
            told.append((plan, plan.hand_over_again(_handover(event), when_heard(event)), event))
            continue
        plan = _new_plan(event, schedules, people[event.data.person_id].region_code)
        made[plan.grant_id] = plan
        told.append((plan, plan.plan_visits(_visit_ids(event, plan.schedule.visits_count), when_heard(event)), event))
        person = people[plan.person_id]
        if person.status != ACTIVE:
            # By the date of the death or move, as if it were heard only now: visits before it can still be recorded.
            told.append((plan, plan.hold(Hold(person.status), When(person.status_on)), event))
    await _save(tx, made, known, {plan.id: event for plan, fact, event in told if fact is not None})
    for plan, fact, event in told:
        publish_facts(tx, plan, fact, cause=event)


async def _save(
    tx: Transaction,
    made: Mapping[UUID, MentoringPlan],
    known: Mapping[UUID, MentoringPlan],
    planned_by: Mapping[UUID, HandedOver],
) -> None:
    await insert_plans(tx, list(made.values()))
    again = [plan for plan in known.values() if plan.id in planned_by]
    for plan in again:
        await tx.cancel_timers(VISIT_DUE, plan.id)
    await schedule_visits(tx, *made.values(), *again, causes=planned_by)
    await save_plans(tx, [(plan, plan.open_visits) for plan in known.values()])


def _new_plan(event: HandedOver, schedules: Mapping[str, Schedule], corrected_region: str | None) -> MentoringPlan:
    aid = event.data
    return MentoringPlan(
        id=derived_id(event.origin, "mentoring_plan"),
        grant_id=aid.grant_id,
        person_id=aid.person_id,
        family_id=aid.family_id,
        programme_id=aid.programme_id,
        case_id=event.case,
        package_code=aid.package_code,
        agency=aid.agency,
        region_code=corrected_region or aid.region_code,
        handover=_handover(event),
        schedule=schedules.get(aid.package_code, schedules[DEFAULT_PACKAGE]),
    )


def _handover(event: HandedOver) -> Handover:
    when = when_heard(event)
    return Handover(event.data.bast_id, when.occurred_on, when.late_entry_reason)


def _visit_ids(event: HandedOver, count: int) -> list[UUID]:
    return [derived_id(event.origin, "visit", number) for number in range(1, count + 1)]
