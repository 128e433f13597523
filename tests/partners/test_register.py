"""A provider's register makes the right sheets from facts in any order."""

from datetime import date
from itertools import permutations
from uuid import UUID

import pytest

from contracts.envelope import Fact
from contracts.inbound import Attendance
from contracts.training import (
    ClassScheduledV1,
    ClassSession,
    CourseNotCompletedV1,
    EnrolledV1,
    EnrolmentRescheduledV1,
    NotCompletedReason,
    SessionRedatedV1,
)
from partners.cloudevents import new_id
from partners.register import Register

PROGRAMME, CLASS, SISTER, FIRST, SECOND, OTHER = (new_id() for _ in range(6))
TUTI, SITI = new_id(), new_id()
TUTI_ENROLMENT, SITI_ENROLMENT = sorted((new_id(), new_id()))
DAY, NEXT_DAY = date(2023, 10, 25), date(2023, 10, 26)


def scheduled(
    class_id: UUID = CLASS, provider: str = "lpk-elite-slawi", *sessions: tuple[UUID, date]
) -> ClassScheduledV1:
    return ClassScheduledV1(
        occurred_on=DAY,
        agency="dinsos",
        class_id=class_id,
        programme_id=PROGRAMME,
        course_code="tata-boga",
        provider_code=provider,
        place_region_code="33.28.04",
        capacity=27,
        sessions=tuple(
            ClassSession(session_id=session_id, held_on=day)
            for session_id, day in (sessions or ((FIRST, DAY), (SECOND, NEXT_DAY)))
        ),
    )


def _enrolment(enrolment_id: UUID, person_id: UUID, class_id: UUID) -> dict[str, object]:
    return {
        "occurred_on": DAY,
        "agency": "dinsos",
        "enrolment_id": enrolment_id,
        "person_id": person_id,
        "programme_id": PROGRAMME,
        "course_code": "tata-boga",
        "class_id": class_id,
    }


def enrolled(enrolment_id: UUID, person_id: UUID, class_id: UUID = CLASS) -> EnrolledV1:
    dates = {"place_region_code": "33.28.04", "session_dates": (DAY, NEXT_DAY)}
    return EnrolledV1.model_validate({**_enrolment(enrolment_id, person_id, class_id), **dates})


def transferred(enrolment_id: UUID, person_id: UUID, class_id: UUID) -> EnrolmentRescheduledV1:
    dates = {"place_region_code": "33.28.04", "session_dates": (DAY,), "transferred": True}
    return EnrolmentRescheduledV1.model_validate({**_enrolment(enrolment_id, person_id, class_id), **dates})


def withdrew(enrolment_id: UUID, person_id: UUID) -> CourseNotCompletedV1:
    ended = {"sessions_attended": 1, "sessions_required": 4, "reason": NotCompletedReason.WITHDREW}
    return CourseNotCompletedV1.model_validate({**_enrolment(enrolment_id, person_id, CLASS), **ended})


def register(*facts: Fact) -> Register:
    made = Register("lpk-elite-slawi")
    for fact in facts:
        made.hear(fact)
    return made


FACTS = (scheduled(), enrolled(TUTI_ENROLMENT, TUTI), enrolled(SITI_ENROLMENT, SITI))


@pytest.mark.parametrize("facts", list(permutations(FACTS)))
def test_a_sheet_names_everybody_whatever_came_first(facts: tuple[Fact, ...]) -> None:
    (sheet,) = register(*facts).sheets_until(DAY, {SITI: Attendance.SICK}, None)
    assert (sheet.class_id, sheet.session_id, sheet.occurred_on) == (CLASS, FIRST, DAY)
    assert (sheet.agency, sheet.provider_code) == ("lpk-elite-slawi", "lpk-elite-slawi")
    assert [(line.enrolment_id, line.attendance) for line in sheet.entries] == [
        (TUTI_ENROLMENT, Attendance.PRESENT),
        (SITI_ENROLMENT, Attendance.SICK),
    ]


def test_each_session_is_reported_once() -> None:
    made = register(*FACTS)
    assert [sheet.session_id for sheet in made.sheets_until(DAY, {}, None)] == [FIRST]
    assert [sheet.session_id for sheet in made.sheets_until(NEXT_DAY, {}, None)] == [SECOND]
    assert list(made.sheets_until(NEXT_DAY, {}, None)) == []


def test_hearing_twice_changes_nothing() -> None:
    made = register(*FACTS, *FACTS)
    assert made.enrolled_count == 2
    assert len(next(made.sheets_until(DAY, {}, None)).entries) == 2


def test_who_left_stands_on_no_sheet() -> None:
    made = register(*FACTS, withdrew(TUTI_ENROLMENT, TUTI))
    assert made.left_count == 1
    (sheet,) = made.sheets_until(DAY, {}, None)
    assert [line.enrolment_id for line in sheet.entries] == [SITI_ENROLMENT]


def test_a_session_moved_to_another_day_is_reported_under_that_day() -> None:
    moved = SessionRedatedV1(
        occurred_on=DAY,
        agency="dinsos",
        class_id=CLASS,
        session_id=FIRST,
        previously_on=DAY,
        held_on=date(2023, 10, 27),
    )
    sheets = list(register(*FACTS, moved).sheets_until(date(2023, 10, 27), {}, None))
    assert [(sheet.session_id, sheet.occurred_on) for sheet in sheets] == [
        (SECOND, NEXT_DAY),
        (FIRST, date(2023, 10, 27)),
    ]


def test_a_transferred_participant_stands_on_the_sister_class_sheet() -> None:
    made = register(
        *FACTS, scheduled(SISTER, "lpk-elite-slawi", (OTHER, DAY)), transferred(TUTI_ENROLMENT, TUTI, SISTER)
    )
    sheets = {
        sheet.class_id: [line.enrolment_id for line in sheet.entries] for sheet in made.sheets_until(DAY, {}, None)
    }
    assert sheets == {CLASS: [SITI_ENROLMENT], SISTER: [TUTI_ENROLMENT]}


def test_classes_of_another_provider_are_left_to_it() -> None:
    made = register(scheduled(CLASS, "pucuk-daun-lestari"), *FACTS[1:])
    assert made.enrolled_count == 0
    assert list(made.sheets_until(NEXT_DAY, {}, None)) == []
