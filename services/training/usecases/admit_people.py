"""Give places of a class to people: what singly and by list have in common."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.errors import Refusal
from chassis.transaction import Transaction
from services.training import outgoing
from services.training.domain.admission import Admission, Applicant
from services.training.domain.enrolment import Enrolment
from services.training.domain.occasion import Occasion
from services.training.domain.training_class import TrainingClass
from services.training.store import enrolments, people


async def admit_people(
    tx: Transaction, training_class: TrainingClass, person_ids: Sequence[UUID], occasion: Occasion
) -> list[Enrolment | Refusal]:
    """Enrol whom the rules admit; one outcome per person, in the order given.

    The class is locked by the caller, so the last place is given once; the people are locked here, so that nobody
    gets into two overlapping classes at once. Raises ClassDecided, ClassFinished.
    """
    training_class.require_open(
        today=tx.today, occurred_on=occasion.occurred_on, is_late_entry=occasion.late_entry_reason is not None
    )
    applicants = await _applicants(tx, training_class.programme_id, person_ids)
    admission = Admission(training_class, await enrolments.places_taken(tx, training_class.class_id))
    outcomes: list[Enrolment | Refusal] = []
    for person_id in person_ids:
        try:
            admission.admit(applicants[person_id])
        except Refusal as refusal:
            outcomes.append(refusal)
            continue
        applicants[person_id] = Applicant(person_id, applicants[person_id].status, is_in_programme=True)
        outcomes.append(Enrolment.enrol(tx.new_id("enrolment", person_id), person_id, training_class))
    new = [outcome for outcome in outcomes if isinstance(outcome, Enrolment)]
    await enrolments.insert_enrolments(tx, new, training_class.dates, occasion)
    for each in new:
        told = outgoing.enrolled(each, training_class, occasion)
        tx.publish(told, sequence=each.version, case=outgoing.case_of(each))
    return outcomes


async def _applicants(tx: Transaction, programme_id: UUID, person_ids: Sequence[UUID]) -> dict[UUID, Applicant]:
    statuses = await people.lock_people(tx, person_ids)
    days: dict[UUID, set[date]] = defaultdict(set)
    in_programme: set[UUID] = set()
    for booking in await people.bookings_of(tx, person_ids):
        days[booking.person_id].add(booking.held_on)
        if booking.programme_id == programme_id:
            in_programme.add(booking.person_id)
    return {
        person_id: Applicant(person_id, statuses.get(person_id), frozenset(days[person_id]), person_id in in_programme)
        for person_id in person_ids
    }
