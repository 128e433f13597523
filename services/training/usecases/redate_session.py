"""Move a session of a class to another day."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.training import outgoing
from services.training.domain.enrolment import EnrolmentStatus
from services.training.domain.occasion import Occasion
from services.training.domain.training_class import TrainingClass
from services.training.store import classes, enrolments, sheets


class RedatingReason(StrEnum):
    """Why a session was moved."""

    TRAINER_UNAVAILABLE = "trainer_unavailable"
    PLACE_UNAVAILABLE = "place_unavailable"
    WEATHER = "weather"
    PUBLIC_HOLIDAY = "public_holiday"
    MISRECORDED = "misrecorded"


class RedateSessionBody(DatedCommand):
    """The new day and why."""

    held_on: date
    reason: RedatingReason


class RedateSession(RedateSessionBody):
    """Which session of which class."""

    class_id: UUID
    session_id: UUID


async def redate_session(tx: Transaction, command: RedateSession) -> UUID:
    """Move it, and tell everybody enrolled; a session already on that day stays as it is.

    A clash with another class of somebody enrolled does not stop the move: it is shown with the enrolment.
    Raises ClassUnknown, SessionUnknown, SessionAlreadyVerified, SessionDatesRepeat.
    """
    training_class = await classes.load_class(tx, command.class_id, for_update=True)
    verified = await sheets.verified_session_ids(tx, command.class_id)
    fact = training_class.redate(command.session_id, command.held_on, is_verified=command.session_id in verified)
    if fact is None:
        return command.session_id
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    await classes.save_class(tx, training_class)
    await classes.save_redating(tx, fact, command.reason.value, occasion)
    tx.publish(outgoing.session_redated(training_class, fact, occasion), sequence=training_class.version)
    await _reschedule_everybody(tx, training_class, occasion)
    return command.session_id


async def _reschedule_everybody(tx: Transaction, training_class: TrainingClass, occasion: Occasion) -> None:
    everybody = await enrolments.lock_enrolments(tx, await enrolments.ids_of_class(tx, training_class.class_id))
    active = [each for each in everybody if each.status is EnrolmentStatus.ENROLLED]
    for each in active:
        fact = each.reschedule()
        told = outgoing.rescheduled(each, fact, training_class, occasion)
        tx.publish(told, sequence=each.version, case=outgoing.case_of(each))
    dates = {each.enrolment_id: training_class.dates for each in active}
    await enrolments.save_enrolments(tx, active, occasion, dates)
