"""What training tells: classes, enrolments and how they ended."""

from enum import StrEnum
from typing import Annotated

from contracts.envelope import Fact, Part
from contracts.fields import Code, Count, Day, Days, Flag, Id, PersonId, RegionCode, coded, entries


class NotCompletedReason(StrEnum):
    """Why an enrolment ended without completion."""

    WITHDREW = "withdrew"
    ATTENDANCE_SHORT = "attendance_short"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class ClassSession(Part):
    """One dated meeting of a class."""

    session_id: Id
    held_on: Day


class ClassScheduledV1(Fact):
    """A class of a course was scheduled with its provider, place and sessions."""

    event_type = "training.class_scheduled.v1"
    class_id: Id
    programme_id: Id
    course_code: Code
    provider_code: Code
    place_region_code: RegionCode
    capacity: Count
    sessions: Annotated[tuple[ClassSession, ...], entries(min_length=1, max_length=366)]


class SessionRedatedV1(Fact):
    """A session of a class was moved to another day."""

    event_type = "training.session_redated.v1"
    class_id: Id
    session_id: Id
    previously_on: Day
    held_on: Day


class _Enrolment(Fact):
    enrolment_id: Id
    person_id: PersonId
    programme_id: Id
    course_code: Code
    class_id: Id


class EnrolledV1(_Enrolment):
    """A person has a place in a class."""

    event_type = "training.enrolled.v1"
    place_region_code: RegionCode
    session_dates: Days


class EnrolmentRescheduledV1(_Enrolment):
    """The same enrolment has other dates now: transferred to a sister class, or a session was re-dated."""

    event_type = "training.enrolment_rescheduled.v1"
    place_region_code: RegionCode
    session_dates: Days
    transferred: Flag


class CourseCompletedV1(_Enrolment):
    """The course rule is met. After a correction of attendance the newest of completed/not completed counts."""

    event_type = "training.course_completed.v1"
    sessions_attended: Count
    sessions_required: Count
    completed_on: Day


class CourseNotCompletedV1(_Enrolment):
    """The enrolment ended without completion, or a completion was taken back by corrected attendance."""

    event_type = "training.course_not_completed.v1"
    sessions_attended: Count
    sessions_required: Count
    reason: Annotated[NotCompletedReason, coded()]
