"""The attendance sheet (daftar hadir) of a session, in revisions: reported, verified, corrected."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotAllowed, NotFound, SamePerson, StaleVersion, Unprocessable
from services.training.domain.training_class import Session


class SheetUnknown(NotFound):
    """No such sheet, or none in the caller's agency and region."""

    title = "There is no such attendance sheet"


class WrongProvider(NotAllowed):
    """Only the class's own provider sends its attendance, in its own name."""

    title = "Only the provider of the class may send its attendance"


class DuplicateEntry(Unprocessable):
    """An enrolment stands twice on one sheet."""

    title = "An enrolment stands twice on the sheet"


class SheetNotOpen(Conflict):
    """The sheet is already verified, refused or replaced by a later revision."""

    title = "The sheet is no longer waiting for verification"


class SheetNotVerified(Conflict):
    """Only verified attendance is corrected; before that a new revision replaces the sheet."""

    title = "Only a verified sheet can be corrected"


class NothingCorrected(Unprocessable):
    """The corrected sheet says what the verified one says."""

    title = "The corrected sheet is the same as the verified one"


class StaleSheet(StaleVersion):
    """The sheet changed since the officer saw it."""

    title = "The sheet has changed since you saw it"


class SessionNotHeldYet(Conflict):
    """Attendance of a day to come."""

    title = "The session has not been held yet"


class UnresolvedEntries(Conflict):
    """Some lines name no enrolment of this course; the officer must accept that they do not count."""

    title = "The sheet has lines that belong to no known enrolment of this course"


class Attendance(StrEnum):
    """Presence at a session; `sick` is sakit, `excused` is izin. Only `present` counts."""

    PRESENT = "present"
    SICK = "sick"
    EXCUSED = "excused"
    ABSENT = "absent"


class SheetState(StrEnum):
    """Life of one revision."""

    REPORTED = "reported"
    PROPOSED = "proposed"
    """A correction of verified attendance, waiting for a second officer."""
    VERIFIED = "verified"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


class CorrectionReason(StrEnum):
    """Why verified attendance is to be corrected."""

    MISRECORDED = "misrecorded"
    MAKE_UP_FOUND = "make_up_found"
    WRONG_PERSON_SIGNED = "wrong_person_signed"
    PROVIDER_SENT_AGAIN = "provider_sent_again"


class SheetRefusalReason(StrEnum):
    """Why a sheet or a correction was not accepted."""

    SIGNATURES_MISSING = "signatures_missing"
    WRONG_SESSION = "wrong_session"
    WRONG_ENROLMENTS = "wrong_enrolments"
    NO_EVIDENCE = "no_evidence"


_OPEN = (SheetState.REPORTED, SheetState.PROPOSED)


@dataclass(slots=True)
class Sheet:
    """One revision of a session's attendance; its entries never change once written."""

    sheet_id: UUID
    class_id: UUID
    session_id: UUID
    revision: int
    state: SheetState
    entries: Mapping[UUID, Attendance]
    maker: str
    correction_reason: CorrectionReason | None = None
    refusal_reason: SheetRefusalReason | None = None
    checker: str | None = None
    checked_on: date | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it waits for an officer."""
        return self.state in _OPEN

    def verify(
        self,
        checker: str,
        version: int,
        occurred_on: date,
        session: Session,
        *,
        unresolved: int,
        accept_unresolved: bool,
    ) -> None:
        """Let the sheet count from now on.

        Raises SheetNotOpen, StaleSheet, SamePerson, SessionNotHeldYet, UnresolvedEntries.
        """
        self._require_checkable(checker, version)
        if session.held_on > occurred_on:
            raise SessionNotHeldYet(session_id=session.session_id, held_on=session.held_on)
        if unresolved and not accept_unresolved:
            raise UnresolvedEntries(sheet_id=self.sheet_id, unresolved=unresolved)
        self._check(SheetState.VERIFIED, checker, occurred_on)

    def refuse(self, checker: str, version: int, occurred_on: date, reason: SheetRefusalReason) -> None:
        """Turn it down; the provider may send another. Raises SheetNotOpen, StaleSheet, SamePerson."""
        self._require_checkable(checker, version)
        self.refusal_reason = reason
        self._check(SheetState.REFUSED, checker, occurred_on)

    def supersede(self) -> None:
        """A later revision stands in its place."""
        self.state = SheetState.SUPERSEDED
        self.version += 1

    def _require_checkable(self, checker: str, version: int) -> None:
        if not self.is_open:
            raise SheetNotOpen(sheet_id=self.sheet_id, state=self.state.value)
        if version != self.version:
            raise StaleSheet(sheet_id=self.sheet_id, version=self.version)
        if checker == self.maker:
            raise SamePerson(sheet_id=self.sheet_id)

    def _check(self, state: SheetState, checker: str, occurred_on: date) -> None:
        self.state, self.checker, self.checked_on = state, checker, occurred_on
        self.version += 1


@dataclass(slots=True)
class SessionSheets:
    """What there is of one session's attendance: at most one verified and one open revision."""

    class_id: UUID
    session_id: UUID
    verified: Sheet | None = None
    open: Sheet | None = None
    last_revision: int = 0

    def saying(self, entries: Mapping[UUID, Attendance]) -> Sheet | None:
        """The open or verified sheet that already says this: nothing to take in."""
        for sheet in (self.open, self.verified):
            if sheet is not None and sheet.entries == entries:
                return sheet
        return None

    def report(self, sheet_id: UUID, entries: Mapping[UUID, Attendance], maker: str) -> Sheet:
        """Take in a sheet that came from outside or from an officer.

        Before verification it replaces what waits; afterwards it is a proposed correction.
        """
        if self.verified is None:
            return self._next(sheet_id, SheetState.REPORTED, entries, maker, None)
        reason = CorrectionReason.PROVIDER_SENT_AGAIN
        return self._next(sheet_id, SheetState.PROPOSED, entries, maker, reason)

    def propose_correction(
        self, sheet_id: UUID, entries: Mapping[UUID, Attendance], maker: str, reason: CorrectionReason
    ) -> Sheet:
        """Ask a second officer to correct verified attendance; raises SheetNotVerified, NothingCorrected."""
        if self.verified is None:
            raise SheetNotVerified(session_id=self.session_id)
        if self.verified.entries == entries:
            raise NothingCorrected(sheet_id=self.verified.sheet_id)
        return self._next(sheet_id, SheetState.PROPOSED, entries, maker, reason)

    def _next(
        self,
        sheet_id: UUID,
        state: SheetState,
        entries: Mapping[UUID, Attendance],
        maker: str,
        reason: CorrectionReason | None,
    ) -> Sheet:
        if self.open is not None:
            self.open.supersede()
        self.last_revision += 1
        return Sheet(
            sheet_id=sheet_id,
            class_id=self.class_id,
            session_id=self.session_id,
            revision=self.last_revision,
            state=state,
            entries=entries,
            maker=maker,
            correction_reason=reason,
        )


def entries_by_enrolment(lines: list[tuple[UUID, Attendance]]) -> dict[UUID, Attendance]:
    """The lines of a sheet by enrolment; raises DuplicateEntry."""
    entries: dict[UUID, Attendance] = {}
    for enrolment_id, attendance in lines:
        if enrolment_id in entries:
            raise DuplicateEntry(enrolment_id=enrolment_id)
        entries[enrolment_id] = attendance
    return entries
