"""Go on in a sister class."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.training import outgoing
from services.training.domain.admission import Admission, Applicant
from services.training.domain.enrolment import Enrolment
from services.training.domain.occasion import Occasion
from services.training.domain.training_class import ClassUnknown, TrainingClass
from services.training.store import classes, enrolments, people


class TransferEnrolmentBody(DatedCommand):
    """Where to."""

    to_class_id: UUID


class TransferEnrolment(TransferEnrolmentBody):
    """Which enrolment."""

    enrolment_id: UUID


async def transfer_enrolment(tx: Transaction, command: TransferEnrolment) -> UUID:
    """Take a place in the sister class; attendance so far counts there by session number.

    Raises EnrolmentUnknown, ClassUnknown, EnrolmentEnded, NotSisterClass, ClassDecided, ClassFinished, ClassFull,
    OverlappingClass, PersonDeceased, PersonMovedAway.
    """
    seen = await enrolments.load_enrolment(tx, command.enrolment_id)
    found = await classes.load_classes(tx, [seen.class_id, command.to_class_id], for_update=True)
    enrolment = await enrolments.lock_enrolment(tx, command.enrolment_id)
    if command.to_class_id not in found or enrolment.class_id not in found:
        raise ClassUnknown(class_id=command.to_class_id)
    target = found[command.to_class_id]
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    fact = enrolment.transfer(found[enrolment.class_id], target)
    await _require_place(tx, enrolment, target, occasion)
    await enrolments.save_enrolments(tx, [enrolment], occasion, {enrolment.enrolment_id: target.dates})
    told = outgoing.rescheduled(enrolment, fact, target, occasion)
    tx.publish(told, sequence=enrolment.version, case=outgoing.case_of(enrolment))
    return enrolment.enrolment_id


async def _require_place(tx: Transaction, enrolment: Enrolment, target: TrainingClass, occasion: Occasion) -> None:
    target.require_open(
        today=tx.today, occurred_on=occasion.occurred_on, is_late_entry=occasion.late_entry_reason is not None
    )
    person_id = enrolment.person_id
    statuses = await people.lock_people(tx, [person_id])
    bookings = await people.bookings_of(tx, [person_id], besides=enrolment.enrolment_id)
    elsewhere = frozenset(booking.held_on for booking in bookings)
    admission = Admission(target, await enrolments.places_taken(tx, target.class_id))
    admission.admit(Applicant(person_id, statuses.get(person_id), elsewhere))
