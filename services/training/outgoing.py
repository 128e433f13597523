"""All that training tells the world: domain facts as public contracts."""

from uuid import UUID

from contracts.envelope import LateEntryReason, case_id
from contracts.training import (
    ClassScheduledV1,
    ClassSession,
    CourseCompletedV1,
    CourseNotCompletedV1,
    EnrolledV1,
    EnrolmentRescheduledV1,
    NotCompletedReason,
    SessionRedatedV1,
)
from services.training.domain.enrolment import Completed, Enrolment, Outcome, Rescheduled
from services.training.domain.occasion import Occasion
from services.training.domain.training_class import SessionRedated, TrainingClass


def case_of(enrolment: Enrolment) -> UUID:
    """The case that all facts of this person in this programme belong to."""
    return case_id(enrolment.programme_id, enrolment.person_id)


def class_scheduled(scheduled: TrainingClass, occasion: Occasion) -> ClassScheduledV1:
    """A new class with its sessions in the order of their numbers."""
    return ClassScheduledV1(
        occurred_on=occasion.occurred_on,
        late_entry_reason=_late(occasion),
        agency=scheduled.agency,
        class_id=scheduled.class_id,
        programme_id=scheduled.programme_id,
        course_code=scheduled.course_code,
        provider_code=scheduled.provider_code,
        place_region_code=scheduled.place_region_code,
        capacity=scheduled.capacity,
        sessions=tuple(ClassSession(session_id=each.session_id, held_on=each.held_on) for each in scheduled.sessions),
    )


def session_redated(changed: TrainingClass, fact: SessionRedated, occasion: Occasion) -> SessionRedatedV1:
    """A session on another day."""
    return SessionRedatedV1(
        occurred_on=occasion.occurred_on,
        late_entry_reason=_late(occasion),
        agency=changed.agency,
        class_id=changed.class_id,
        session_id=fact.session_id,
        previously_on=fact.previously_on,
        held_on=fact.held_on,
    )


def enrolled(enrolment: Enrolment, training_class: TrainingClass, occasion: Occasion) -> EnrolledV1:
    """A place taken, with the days to come."""
    return EnrolledV1(
        occurred_on=occasion.occurred_on,
        late_entry_reason=_late(occasion),
        agency=enrolment.agency,
        enrolment_id=enrolment.enrolment_id,
        person_id=enrolment.person_id,
        programme_id=enrolment.programme_id,
        course_code=enrolment.course_code,
        class_id=enrolment.class_id,
        place_region_code=training_class.place_region_code,
        session_dates=training_class.dates,
    )


def rescheduled(
    enrolment: Enrolment, fact: Rescheduled, training_class: TrainingClass, occasion: Occasion
) -> EnrolmentRescheduledV1:
    """Other days, perhaps another class."""
    return EnrolmentRescheduledV1(
        occurred_on=occasion.occurred_on,
        late_entry_reason=_late(occasion),
        agency=enrolment.agency,
        enrolment_id=enrolment.enrolment_id,
        person_id=enrolment.person_id,
        programme_id=enrolment.programme_id,
        course_code=enrolment.course_code,
        class_id=enrolment.class_id,
        place_region_code=training_class.place_region_code,
        session_dates=training_class.dates,
        transferred=fact.transferred,
    )


def outcome(enrolment: Enrolment, fact: Outcome, occasion: Occasion) -> CourseCompletedV1 | CourseNotCompletedV1:
    """How the enrolment ended; the newest one counts."""
    if isinstance(fact, Completed):
        return CourseCompletedV1(
            occurred_on=occasion.occurred_on,
            late_entry_reason=_late(occasion),
            agency=enrolment.agency,
            enrolment_id=enrolment.enrolment_id,
            person_id=enrolment.person_id,
            programme_id=enrolment.programme_id,
            course_code=enrolment.course_code,
            class_id=enrolment.class_id,
            sessions_attended=fact.sessions_attended,
            sessions_required=fact.sessions_required,
            completed_on=fact.completed_on,
        )
    return CourseNotCompletedV1(
        occurred_on=occasion.occurred_on,
        late_entry_reason=_late(occasion),
        agency=enrolment.agency,
        enrolment_id=enrolment.enrolment_id,
        person_id=enrolment.person_id,
        programme_id=enrolment.programme_id,
        course_code=enrolment.course_code,
        class_id=enrolment.class_id,
        sessions_attended=fact.sessions_attended,
        sessions_required=fact.sessions_required,
        reason=NotCompletedReason(fact.reason.value),
    )


def _late(occasion: Occasion) -> LateEntryReason | None:
    return LateEntryReason(occasion.late_entry_reason) if occasion.late_entry_reason else None
