"""Plain aggregates for the tests of training's rules."""

from datetime import date, timedelta

from chassis.ids import new_id
from services.training.domain.course import CompletionRule, Course
from services.training.domain.enrolment import Enrolment
from services.training.domain.training_class import TrainingClass, numbered_sessions

FIRST = date(2023, 10, 25)
DAYS = [FIRST + timedelta(days=days) for days in range(4)]
COOKERY = Course("tata-boga", CompletionRule(4, 75))
PROGRAMME = new_id()


def a_class(capacity: int = 2) -> TrainingClass:
    """A class of cookery on four days, nothing verified."""
    return TrainingClass(
        class_id=new_id(),
        programme_id=PROGRAMME,
        course_code=COOKERY.code,
        provider_code="lpk",
        place_region_code="33.28.04",
        capacity=capacity,
        sessions=numbered_sessions(COOKERY, DAYS, [new_id() for _ in DAYS]),
        sessions_required=COOKERY.rule.sessions_required,
        agency="dinsos",
    )


def an_enrolment() -> Enrolment:
    """Somebody enrolled in such a class."""
    return Enrolment.enrol(new_id(), new_id(), a_class())
