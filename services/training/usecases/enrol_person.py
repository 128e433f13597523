"""Enrol one person in a class."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.errors import Refusal
from chassis.transaction import Transaction
from services.training.domain.occasion import Occasion
from services.training.store import classes
from services.training.usecases.admit_people import admit_people


class EnrolPersonBody(DatedCommand):
    """Who."""

    person_id: UUID


class EnrolPerson(EnrolPersonBody):
    """In which class."""

    class_id: UUID


async def enrol_person(tx: Transaction, command: EnrolPerson) -> UUID:
    """Give the person a place; returns the enrolment's id.

    Raises ClassUnknown, ClassDecided, ClassFinished and the refusals of the admission.
    """
    training_class = await classes.load_class(tx, command.class_id, for_update=True)
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    (outcome,) = await admit_people(tx, training_class, [command.person_id], occasion)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome.enrolment_id
