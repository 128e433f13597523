"""Rules of training, without database or HTTP."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from chassis.errors import Refusal, SamePerson
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
from services.training.domain.course import CompletionRule, Course
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
from services.training.domain.sheet import (
    Attendance,
    CorrectionReason,
    DuplicateEntry,
    NothingCorrected,
    SessionNotHeldYet,
    SessionSheets,
    Sheet,
    SheetNotOpen,
    SheetNotVerified,
    SheetState,
    StaleSheet,
    UnresolvedEntries,
    entries_by_enrolment,
)
from services.training.domain.training_class import (
    ClassDecided,
    ClassFinished,
    SessionAlreadyVerified,
    SessionCountDiffers,
    SessionDatesRepeat,
    SessionUnknown,
    TrainingClass,
    numbered_sessions,
)

FIRST = date(2023, 10, 25)
DAYS = [FIRST + timedelta(days=days) for days in range(4)]
COOKERY = Course("tata-boga", CompletionRule(4, 75))
PROGRAMME = new_id()


def a_class(capacity: int = 2) -> TrainingClass:
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
    return Enrolment.enrol(new_id(), new_id(), a_class())


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


ME, YOU = new_id(), new_id()
MAKER, CHECKER = "issuer#maker", "issuer#checker"
THERE = {ME: Attendance.PRESENT, YOU: Attendance.SICK}
BOTH = {ME: Attendance.PRESENT, YOU: Attendance.PRESENT}


def session_sheets() -> SessionSheets:
    training_class = a_class()
    return SessionSheets(training_class.class_id, training_class.sessions[0].session_id)


def verify(sheet: Sheet, checker: str = CHECKER, version: int = 1, on: date = DAYS[0], unresolved: int = 0) -> None:
    session = replace(a_class().sessions[0], session_id=sheet.session_id)
    sheet.verify(checker, version, on, session, unresolved=unresolved, accept_unresolved=False)


def test_a_sheet_sent_again_before_verification_replaces_the_first() -> None:
    sheets = session_sheets()
    first = sheets.report(new_id(), THERE, MAKER)
    sheets.open = first
    assert sheets.saying(dict(THERE)) is first
    assert sheets.saying(BOTH) is None
    second = sheets.report(new_id(), BOTH, MAKER)
    assert (first.state, second.state, second.revision) == (SheetState.SUPERSEDED, SheetState.REPORTED, 2)


def test_a_sheet_sent_again_after_verification_is_a_proposed_correction() -> None:
    sheets = session_sheets()
    first = sheets.report(new_id(), THERE, MAKER)
    verify(first)
    sheets.verified = first
    assert sheets.saying(dict(THERE)) is first
    second = sheets.report(new_id(), BOTH, MAKER)
    assert (first.state, second.state) == (SheetState.VERIFIED, SheetState.PROPOSED)
    assert second.correction_reason is CorrectionReason.PROVIDER_SENT_AGAIN


def test_only_verified_attendance_is_corrected() -> None:
    sheets = session_sheets()
    with pytest.raises(SheetNotVerified):
        sheets.propose_correction(new_id(), BOTH, MAKER, CorrectionReason.MISRECORDED)
    sheets.verified = sheets.report(new_id(), THERE, MAKER)
    with pytest.raises(NothingCorrected):
        sheets.propose_correction(new_id(), dict(THERE), MAKER, CorrectionReason.MISRECORDED)
    assert sheets.propose_correction(new_id(), BOTH, MAKER, CorrectionReason.MISRECORDED).revision == 2


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"checker": MAKER}, SamePerson),
        ({"version": 2}, StaleSheet),
        ({"on": FIRST - timedelta(days=1)}, SessionNotHeldYet),
        ({"unresolved": 1}, UnresolvedEntries),
    ],
)
def test_what_is_not_verified(arguments: dict[str, object], refusal: type[Refusal]) -> None:
    sheet = session_sheets().report(new_id(), THERE, MAKER)
    with pytest.raises(refusal):
        verify(sheet, **arguments)  # type: ignore[arg-type]
    assert (sheet.state, sheet.checker, sheet.version) == (SheetState.REPORTED, None, 1)


def test_a_verified_sheet_is_verified_once() -> None:
    sheet = session_sheets().report(new_id(), THERE, MAKER)
    verify(sheet)
    assert (sheet.state, sheet.checker, sheet.checked_on) == (SheetState.VERIFIED, CHECKER, DAYS[0])
    with pytest.raises(SheetNotOpen):
        verify(sheet, version=2)


def test_an_enrolment_stands_once_on_a_sheet() -> None:
    lines: list[tuple[UUID, Attendance]] = [(ME, Attendance.PRESENT), (ME, Attendance.ABSENT)]
    with pytest.raises(DuplicateEntry):
        entries_by_enrolment(lines)
