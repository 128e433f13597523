"""What disbursement hears. Each handler stores what came, in any order, then weighs what is complete."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.consumer import Consumers, Delivered
from chassis.runs import in_turn
from chassis.transaction import Transaction
from contracts.inbound import AssistanceGivenV1
from contracts.registry import PersonCorrectedV1, PersonRegisteredV1
from contracts.training import CourseCompletedV1, CourseNotCompletedV1, EnrolledV1
from services.disbursement.domain.eligibility import CourseState
from services.disbursement.store import projection_tables as t
from services.disbursement.store.projections import families_of, keep_refused_assistance, store_newest
from services.disbursement.usecases.reassess_grants import newest_cause, reassess_grants, restore_released

consumers = Consumers()


@consumers.on(PersonRegisteredV1)
async def person_registered(tx: Transaction, events: Sequence[Delivered[PersonRegisteredV1]]) -> None:
    """A person's attributes are known."""
    for turn in in_turn(events, _family):
        await _store_people(tx, turn)


@consumers.on(PersonCorrectedV1)
async def person_corrected(tx: Transaction, events: Sequence[Delivered[PersonCorrectedV1]]) -> None:
    """Attributes changed: who is no longer eligible loses an allocation that no decree names."""
    for turn in in_turn(events, _family):
        await _store_people(tx, turn)


@consumers.on(EnrolledV1)
async def enrolled(tx: Transaction, events: Sequence[Delivered[EnrolledV1]]) -> None:
    """A person may be allocated to conditionally."""
    for turn in in_turn(events, _person):
        await _store_enrolments(tx, turn, CourseState.ENROLLED)


@consumers.on(CourseCompletedV1)
async def course_completed(tx: Transaction, events: Sequence[Delivered[CourseCompletedV1]]) -> None:
    """The condition of an allocation is met, perhaps after all."""
    for turn in in_turn(events, _person):
        await _store_enrolments(tx, turn, CourseState.COMPLETED)
        await restore_released(tx, newest_cause(turn))


@consumers.on(CourseNotCompletedV1)
async def course_not_completed(tx: Transaction, events: Sequence[Delivered[CourseNotCompletedV1]]) -> None:
    """An allocation is released, a completion perhaps taken back."""
    for turn in in_turn(events, _person):
        await _store_enrolments(tx, turn, CourseState.NOT_COMPLETED)


@consumers.on(AssistanceGivenV1)
async def assistance_given(tx: Transaction, events: Sequence[Delivered[AssistanceGivenV1]]) -> None:
    """Another agency gave aid to a family: no second one in the same fiscal year.

    One that speaks for an agency other than the topic's is kept as refused and has no effect.
    """
    believed = [event for event in events if event.data.agency == _owner(event)]
    await _keep_refused(tx, [event for event in events if event.data.agency != _owner(event)])
    families = await families_of(tx, [event.data.person_id for event in believed])
    for turn in in_turn(believed, lambda event: [*families[event.data.person_id], event.data.person_id]):
        await _store_other_aid(tx, turn)


async def _store_other_aid(tx: Transaction, events: Sequence[Delivered[AssistanceGivenV1]]) -> None:
    rows = [
        {
            "assistance_id": event.data.assistance_id,
            "person_id": event.data.person_id,
            "agency": event.data.agency,
            "fiscal_year": event.data.occurred_on.year,
            "package_code": event.data.package_code,
            "amount_rupiah": event.data.amount_rupiah,
            "occurred_on": event.data.occurred_on,
            "sequence": event.sequence,
            "recorded_at": tx.now,
        }
        for event in events
    ]
    await store_newest(tx, t.other_aid, rows)
    await reassess_grants(tx, await _causes_for_families(tx, events))


def _person(event: Delivered[Any]) -> list[UUID]:
    return [event.data.person_id]


def _family(event: Delivered[Any]) -> list[UUID]:
    return [event.data.person_id, event.data.family_id]


def _owner(event: Delivered[AssistanceGivenV1]) -> str:
    """The agency whose topic it is: the only one it may speak for."""
    return event.type.split(".", 1)[0]


async def _keep_refused(tx: Transaction, events: Sequence[Delivered[AssistanceGivenV1]]) -> None:
    rows = [
        {
            "id": event.id,
            "assistance_id": event.data.assistance_id,
            "person_id": event.data.person_id,
            "agency": event.data.agency,
            "source": event.source,
            "reason": "agency_not_the_publisher",
            "recorded_at": tx.now,
        }
        for event in events
    ]
    await keep_refused_assistance(tx, rows)


async def _causes_for_families(tx: Transaction, events: Sequence[Delivered[Any]]) -> dict[UUID, Any]:
    """The event that speaks of each person or else of a relative: what concerns one concerns the family's grant."""
    causes: dict[UUID, Any] = {}
    families = await families_of(tx, [event.data.person_id for event in events])
    for event in events:
        causes |= dict.fromkeys(families[event.data.person_id], event)
    return causes | newest_cause(events)


async def _store_people(
    tx: Transaction, events: Sequence[Delivered[PersonRegisteredV1]] | Sequence[Delivered[PersonCorrectedV1]]
) -> None:
    rows = [
        {
            "person_id": event.data.person_id,
            "family_id": event.data.family_id,
            "region_code": event.data.region_code,
            "decile": event.data.decile,
            "list_source": event.data.list_source.value,
            "list_version": event.data.list_version,
            "list_dated_on": event.data.list_dated_on,
            "status": event.data.status.value,
            "sequence": event.sequence,
            "recorded_at": tx.now,
        }
        for event in events
    ]
    await store_newest(tx, t.person, rows)
    await reassess_grants(tx, await _causes_for_families(tx, events))


async def _store_enrolments(
    tx: Transaction,
    events: Sequence[Delivered[EnrolledV1]]
    | Sequence[Delivered[CourseCompletedV1]]
    | Sequence[Delivered[CourseNotCompletedV1]],
    state: CourseState,
) -> None:
    rows = [
        {
            "enrolment_id": event.data.enrolment_id,
            "person_id": event.data.person_id,
            "programme_id": event.data.programme_id,
            "course_code": event.data.course_code,
            "state": state.value,
            "sequence": event.sequence,
            "recorded_at": tx.now,
        }
        for event in events
    ]
    await store_newest(tx, t.enrolment, rows)
    await reassess_grants(tx, newest_cause(events))
