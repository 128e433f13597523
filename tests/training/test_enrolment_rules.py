"""Rules of enrolments and their outcomes, without database or HTTP."""

import pytest

from chassis.ids import new_id
from services.training.domain.admission import PersonStatus
from services.training.domain.enrolment import (
    Completed,
    Enrolment,
    EnrolmentEnded,
    EnrolmentStatus,
    NotCompleted,
    NotCompletedReason,
    NotSisterClass,
    WithdrawalReason,
)
from tests.training.aggregates import DAYS, a_class, an_enrolment


@pytest.mark.parametrize(
    ("attended", "fact", "status"),
    [
        (4, Completed(4, 3, DAYS[-1]), EnrolmentStatus.COMPLETED),
        (3, Completed(3, 3, DAYS[-1]), EnrolmentStatus.COMPLETED),
        (2, NotCompleted(2, 3, NotCompletedReason.ATTENDANCE_SHORT), EnrolmentStatus.NOT_COMPLETED),
        (0, NotCompleted(0, 3, NotCompletedReason.ATTENDANCE_SHORT), EnrolmentStatus.NOT_COMPLETED),
    ],
)
def test_completion(attended: int, fact: object, status: EnrolmentStatus) -> None:
    enrolment = an_enrolment()
    assert enrolment.decide(attended, DAYS[-1]) == fact
    assert (enrolment.status, enrolment.sessions_attended, enrolment.version) == (status, attended, 2)


def test_a_correction_turns_the_outcome_and_back() -> None:
    enrolment = an_enrolment()
    assert isinstance(enrolment.decide(3, DAYS[-1]), Completed)
    assert enrolment.decide(3, DAYS[-1]) is None
    assert isinstance(enrolment.decide(2, DAYS[-1]), NotCompleted)
    assert enrolment.completed_on is None
    assert isinstance(enrolment.decide(4, DAYS[-1]), Completed)
    assert (enrolment.reason, enrolment.version) == (None, 4)


def test_who_withdrew_is_never_decided_by_attendance() -> None:
    enrolment = an_enrolment()
    fact = enrolment.withdraw(WithdrawalReason.ILLNESS, 1)
    assert fact == NotCompleted(1, 3, NotCompletedReason.WITHDREW)
    assert enrolment.decide(4, DAYS[-1]) is None
    assert not enrolment.holds_its_days
    with pytest.raises(EnrolmentEnded):
        enrolment.withdraw(WithdrawalReason.ILLNESS, 1)
    with pytest.raises(EnrolmentEnded):
        enrolment.reschedule()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (PersonStatus.DECEASED, NotCompletedReason.DECEASED),
        (PersonStatus.MOVED_AWAY, NotCompletedReason.MOVED_AWAY),
    ],
)
def test_who_died_or_moved_does_not_complete(status: PersonStatus, reason: NotCompletedReason) -> None:
    enrolment = an_enrolment()
    assert enrolment.person_became(status, 2) == NotCompleted(2, 3, reason)
    assert enrolment.person_became(status, 2) is None


def test_a_completion_outlives_the_person() -> None:
    enrolment = an_enrolment()
    enrolment.decide(4, DAYS[-1])
    assert enrolment.person_became(PersonStatus.DECEASED, 4) is None
    assert an_enrolment().person_became(PersonStatus.ACTIVE, 0) is None


def test_a_transfer_stays_within_course_and_programme() -> None:
    origin, target = a_class(), a_class()
    enrolment = Enrolment.enrol(new_id(), new_id(), origin)
    assert enrolment.transfer(origin, target).transferred
    assert (enrolment.class_id, enrolment.version) == (target.class_id, 2)
    elsewhere = a_class()
    elsewhere.course_code = "menjahit"
    for wrong in (elsewhere, target):
        with pytest.raises(NotSisterClass):
            enrolment.transfer(target, wrong)
