"""The registry corrected a person: mentoring stops at a death or move, goes on after a mistake, follows the village."""

from collections.abc import Sequence

from chassis.consumer import Delivered
from chassis.transaction import Transaction
from contracts.registry import PersonCorrectedV1, PersonStatus
from services.followup.domain.plan import Hold
from services.followup.outgoing import publish_facts, when_heard
from services.followup.store.people import ACTIVE, lock_people, save_status
from services.followup.store.plans import lock_plans_of_person, move_plans, save_plan
from services.followup.usecases.schedule_visits import schedule_visits
from services.followup.usecases.suspend_mentoring import hold_plan


async def follow_person_status(tx: Transaction, events: Sequence[Delivered[PersonCorrectedV1]]) -> None:
    """Keep each person's newest status and village, also before a handover is known, and let the plans follow."""
    people = await lock_people(tx, (event.data.person_id for event in events))
    sequences = {person_id: row.status_sequence for person_id, row in people.items()}
    for event in events:
        person_id = event.data.person_id
        if event.sequence <= sequences[person_id]:
            continue
        sequences[person_id] = event.sequence
        status, on = event.data.status.value, event.data.occurred_on
        await save_status(tx, person_id, status, event.sequence, on, _region_of(event))
        await _follow(tx, event)


async def _follow(tx: Transaction, event: Delivered[PersonCorrectedV1]) -> None:
    plans = await lock_plans_of_person(tx, event.data.person_id)
    if (region_code := _region_of(event)) is not None:
        await move_plans(tx, plans, region_code)
    for plan in plans:
        if event.data.status.value != ACTIVE:
            await hold_plan(tx, plan, Hold(event.data.status.value), event)
            continue
        holds_before = plan.holds
        planned = plan.person_is_active(when_heard(event))
        if plan.holds != holds_before:
            await save_plan(tx, plan, *plan.open_visits)
            await schedule_visits(tx, plan, causes={plan.id: event})
            publish_facts(tx, plan, planned, cause=event)


def _region_of(event: Delivered[PersonCorrectedV1]) -> str | None:
    # Whoever moved away stays with the officers of the place where the aid was given.
    return None if event.data.status is PersonStatus.MOVED_AWAY else event.data.region_code
