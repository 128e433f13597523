"""Rules of attendance sheets, without database or HTTP."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from chassis.errors import Refusal, SamePerson
from chassis.ids import new_id
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
from tests.training.aggregates import DAYS, FIRST, a_class

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
