"""What training hears."""

from collections.abc import Sequence

from chassis.consumer import Consumers, Delivered
from chassis.transaction import Transaction
from contracts.disbursement import ProgrammeOpenedV1
from contracts.inbound import AttendanceReportedV1
from contracts.registry import PersonCorrectedV1, PersonRegisteredV1
from services.training.usecases.note_attendance import note_attendance
from services.training.usecases.note_people import note_people
from services.training.usecases.note_programme import note_programme

consumers = Consumers()


@consumers.on(PersonRegisteredV1)
async def person_registered(tx: Transaction, events: Sequence[Delivered[PersonRegisteredV1]]) -> None:
    """People become known, so that they can be enrolled."""
    await note_people(tx, events)


@consumers.on(PersonCorrectedV1)
async def person_corrected(tx: Transaction, events: Sequence[Delivered[PersonCorrectedV1]]) -> None:
    """Who died or moved away does not complete the course."""
    await note_people(tx, events)


@consumers.on(ProgrammeOpenedV1)
async def programme_opened(tx: Transaction, events: Sequence[Delivered[ProgrammeOpenedV1]]) -> None:
    """Classes can be scheduled in the programme."""
    for event in events:
        await note_programme(tx, event)


@consumers.on(AttendanceReportedV1)
async def attendance_reported(tx: Transaction, events: Sequence[Delivered[AttendanceReportedV1]]) -> None:
    """A provider's sheet waits for Dinsos to verify it."""
    await note_attendance(tx, events)
