"""Register a course with its completion rule."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command
from chassis.transaction import Transaction
from contracts.fields import Code, RegionCode
from services.training.domain.course import CourseCodeTaken
from services.training.store import classes


class RegisterCourse(Command):
    """Who was present at `share_percent` of the `sessions`, rounded up to whole sessions, completed the course."""

    code: Code
    name: Annotated[str, Field(min_length=1, max_length=200)]
    sessions: Annotated[int, Field(ge=1, le=366)]
    share_percent: Annotated[int, Field(ge=1, le=100)]
    region_code: RegionCode


async def register_course(tx: Transaction, command: RegisterCourse) -> UUID:
    """Add a course. Raises NotAllowed outside the officer's region, CourseCodeTaken."""
    tx.officer.require_region(command.region_code)
    course_id = tx.new_id()
    row = {"id": course_id, "agency": tx.officer.agency, **command.model_dump()}
    if not await classes.insert_course(tx, row):
        raise CourseCodeTaken(course_code=command.code)
    return course_id
