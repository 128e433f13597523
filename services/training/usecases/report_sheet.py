"""Record the attendance of a session through the API."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DatedCommand
from chassis.transaction import Transaction
from services.training.domain.occasion import Occasion
from services.training.domain.sheet import Attendance, WrongProvider, entries_by_enrolment
from services.training.domain.training_class import TrainingClass
from services.training.store import classes
from services.training.usecases.take_in_sheet import take_in_sheet


class SheetLine(Command):
    """Presence of one enrolment."""

    enrolment_id: UUID
    attendance: Attendance


SheetLines = Annotated[list[SheetLine], Field(min_length=1, max_length=500)]


class ReportSheet(DatedCommand):
    """The sheet of one session; may name enrolments of a sister class (make-up)."""

    class_id: UUID
    session_id: UUID
    entries: SheetLines


def entries_of(lines: list[SheetLine]) -> dict[UUID, Attendance]:
    """Lines by enrolment; raises DuplicateEntry."""
    return entries_by_enrolment([(line.enrolment_id, line.attendance) for line in lines])


async def report_sheet(tx: Transaction, command: ReportSheet) -> UUID:
    """Keep what an officer recorded from paper. Raises ClassUnknown, SessionUnknown, DuplicateEntry."""
    training_class = await classes.load_class(tx, command.class_id, for_update=True)
    return await _take_in(tx, training_class, command)


async def report_provider_sheet(tx: Transaction, command: ReportSheet) -> UUID:
    """Keep what the provider's own officer sent.

    Raises ClassUnknown, WrongProvider if the class is another provider's, SessionUnknown, DuplicateEntry.
    """
    training_class = await classes.load_class(tx, command.class_id, for_update=True)
    if tx.officer.agency != training_class.provider_code:
        raise WrongProvider(class_id=command.class_id)
    return await _take_in(tx, training_class, command)


async def _take_in(tx: Transaction, training_class: TrainingClass, command: ReportSheet) -> UUID:
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    entries = entries_of(command.entries)
    return await take_in_sheet(
        tx, training_class, command.session_id, entries, tx.officer.identity, occasion, tx.new_id()
    )
