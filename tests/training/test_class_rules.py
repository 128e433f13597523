"""Rules of courses, classes and admission to them, without database or HTTP."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chassis.errors import Refusal
from chassis.ids import new_id
from services.training.domain.admission import (
    Admission,
    AlreadyEnrolledInProgramme,
    Applicant,
    ClassFull,
    OverlappingClass,
    PersonDeceased,
    PersonMovedAway,
    PersonStatus,
    PersonUnknown,
)
from services.training.domain.course import CompletionRule
from services.training.domain.training_class import (
    ClassDecided,
    ClassFinished,
    SessionAlreadyVerified,
    SessionCountDiffers,
    SessionDatesRepeat,
    SessionUnknown,
    numbered_sessions,
)
from tests.training.aggregates import COOKERY, DAYS, FIRST, a_class


@pytest.mark.parametrize(
    ("sessions", "share_percent", "required"),
    [
        (4, 75, 3),
        (4, 80, 4),
        (4, 76, 4),
        (15, 80, 12),
        (15, 81, 13),
        (15, 85, 13),
        (1, 80, 1),
        (1, 1, 1),
        (366, 100, 366),
    ],
)
def test_required_sessions_are_rounded_up(sessions: int, share_percent: int, required: int) -> None:
    assert CompletionRule(sessions, share_percent).sessions_required == required


def test_sessions_are_numbered_by_date() -> None:
    sessions = numbered_sessions(COOKERY, list(reversed(DAYS)), [new_id() for _ in DAYS])
    assert [(each.number, each.held_on) for each in sessions] == list(enumerate(DAYS, start=1))


@pytest.mark.parametrize(("dates", "refusal"), [(DAYS[:3], SessionCountDiffers), ([FIRST] * 4, SessionDatesRepeat)])
def test_a_class_has_the_sessions_of_its_course(dates: list[date], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        numbered_sessions(COOKERY, dates, [new_id() for _ in dates])


def test_a_moved_session_keeps_its_number() -> None:
    training_class = a_class()
    first = training_class.sessions[0]
    fact = training_class.redate(first.session_id, FIRST + timedelta(days=9), is_verified=False)
    assert fact is not None
    assert (fact.previously_on, fact.held_on) == (FIRST, FIRST + timedelta(days=9))
    assert training_class.session(first.session_id).number == 1
    assert training_class.last_on == FIRST + timedelta(days=9)
    assert training_class.version == 2


def test_moving_a_session_has_limits() -> None:
    training_class = a_class()
    session_id = training_class.sessions[0].session_id
    assert training_class.redate(session_id, FIRST, is_verified=False) is None
    with pytest.raises(SessionDatesRepeat):
        training_class.redate(session_id, DAYS[1], is_verified=False)
    with pytest.raises(SessionAlreadyVerified):
        training_class.redate(session_id, FIRST + timedelta(days=9), is_verified=True)
    with pytest.raises(SessionUnknown):
        training_class.redate(new_id(), FIRST, is_verified=False)
    assert training_class.version == 1


@pytest.mark.parametrize(
    ("today", "occurred_on", "is_late_entry", "decided", "refusal"),
    [
        (FIRST, FIRST, False, False, None),
        (DAYS[-1], DAYS[-1], False, False, None),
        (DAYS[-1] + timedelta(days=1), FIRST, False, False, ClassFinished),
        (DAYS[-1] + timedelta(days=1), FIRST, True, False, None),
        (DAYS[-1] + timedelta(days=1), DAYS[-1] + timedelta(days=1), True, False, ClassFinished),
        (DAYS[-1] + timedelta(days=1), FIRST, True, True, ClassDecided),
    ],
)
def test_who_comes_too_late(
    today: date, occurred_on: date, is_late_entry: bool, decided: bool, refusal: type[Refusal] | None
) -> None:
    training_class = a_class()
    training_class.decided_on = today if decided else None
    if refusal is None:
        training_class.require_open(today=today, occurred_on=occurred_on, is_late_entry=is_late_entry)
        return
    with pytest.raises(refusal):
        training_class.require_open(today=today, occurred_on=occurred_on, is_late_entry=is_late_entry)


ACTIVE = Applicant(new_id(), PersonStatus.ACTIVE)


@pytest.mark.parametrize(
    ("applicant", "refusal"),
    [
        (replace(ACTIVE, status=None), PersonUnknown),
        (replace(ACTIVE, status=PersonStatus.DECEASED), PersonDeceased),
        (replace(ACTIVE, status=PersonStatus.MOVED_AWAY), PersonMovedAway),
        (replace(ACTIVE, is_in_programme=True), AlreadyEnrolledInProgramme),
        (replace(ACTIVE, booked_days=frozenset({DAYS[3]})), OverlappingClass),
    ],
)
def test_who_is_not_admitted(applicant: Applicant, refusal: type[Refusal]) -> None:
    admission = Admission(a_class(), places_taken=0)
    with pytest.raises(refusal):
        admission.admit(applicant)
    assert admission.places_taken == 0


def test_places_are_given_until_the_class_is_full() -> None:
    admission = Admission(a_class(capacity=2), places_taken=1)
    admission.admit(replace(ACTIVE, booked_days=frozenset({FIRST - timedelta(days=1)})))
    with pytest.raises(ClassFull):
        admission.admit(ACTIVE)
