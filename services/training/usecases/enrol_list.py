"""Enrol a list of people in a class, with an outcome per row."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.training.domain.occasion import Occasion
from services.training.store import classes, lists
from services.training.usecases.admit_people import admit_people

LIST_LIMIT = 500


class EnrolListBody(DatedCommand):
    """At most 500 people: a class has no more places."""

    person_ids: Annotated[list[UUID], Field(min_length=1, max_length=LIST_LIMIT)]


class EnrolList(EnrolListBody):
    """In which class."""

    class_id: UUID


async def enrol_list(tx: Transaction, command: EnrolList) -> UUID:
    """Enrol whom the rules admit and keep why the others were refused; returns the list's id.

    One refused row stops no other. Raises ClassUnknown, ClassDecided, ClassFinished.
    """
    training_class = await classes.load_class(tx, command.class_id, for_update=True)
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    outcomes = await admit_people(tx, training_class, command.person_ids, occasion)
    return await lists.insert_enrolment_list(tx, training_class, command.person_ids, outcomes, occasion)
