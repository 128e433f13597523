"""Schedule a class of a course in a programme."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from contracts.fields import Code, RegionCode
from services.training import outgoing
from services.training.domain.course import ProviderUnknown
from services.training.domain.occasion import Occasion
from services.training.domain.training_class import (
    CourseNotInProgramme,
    ProgrammeUnknown,
    TrainingClass,
    numbered_sessions,
)
from services.training.store import classes, people


class ScheduleClass(DatedCommand):
    """As many session dates as the course has sessions; they are numbered in the order of their dates."""

    programme_id: UUID
    course_code: Code
    provider_code: Code
    place_region_code: RegionCode
    capacity: Annotated[int, Field(ge=1, le=500)]
    session_dates: Annotated[list[date], Field(min_length=1, max_length=366)]


async def schedule_class(tx: Transaction, command: ScheduleClass) -> UUID:
    """Add a class and tell of it.

    Raises NotAllowed outside the officer's region, ProgrammeUnknown also for a programme outside the officer's agency
    and region, CourseUnknown, CourseNotInProgramme, ProviderUnknown, SessionCountDiffers, SessionDatesRepeat.
    """
    tx.officer.require_region(command.place_region_code)
    course = await classes.load_course(tx, command.course_code)
    programme = await people.load_programme(tx, command.programme_id)
    # Known programmes are kept without row-level security: what another agency or region opened is as good as unknown.
    if programme is None or programme.agency != tx.officer.agency or not tx.officer.covers(programme.region_code):
        raise ProgrammeUnknown(programme_id=command.programme_id)
    if course.code not in programme.course_codes:
        raise CourseNotInProgramme(programme_id=command.programme_id, course_code=course.code)
    if not await classes.has_provider(tx, command.provider_code):
        raise ProviderUnknown(provider_code=command.provider_code)
    scheduled = TrainingClass(
        class_id=tx.new_id(),
        programme_id=command.programme_id,
        course_code=course.code,
        provider_code=command.provider_code,
        place_region_code=command.place_region_code,
        capacity=command.capacity,
        sessions=numbered_sessions(course, command.session_dates, [tx.new_id() for _ in command.session_dates]),
        sessions_required=course.rule.sessions_required,
        agency=tx.officer.agency,
    )
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    await classes.insert_class(tx, scheduled, occasion)
    tx.publish(outgoing.class_scheduled(scheduled, occasion), sequence=scheduled.version)
    return scheduled.class_id
