"""Handover sessions and their records (BAST, berita acara serah terima)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotFound, SamePerson, Unprocessable
from services.disbursement.domain.facts import BastField, GoodsFate, VoidReason


class SessionNotFound(NotFound):
    """No such handover session within the caller's agency and region."""

    title = "The handover session is not known"


class SessionClosed(Conflict):
    """The session is over."""

    title = "The handover session is closed"


class RecipientsStillExpected(Conflict):
    """Some invited recipients have neither a BAST nor a no-show."""

    title = "Some invited recipients are neither served nor recorded as absent"


class SessionOfOtherProgramme(Unprocessable):
    """Grant and session belong to different programmes."""

    title = "The session belongs to another programme"


class NotExpected(Conflict):
    """The recipient is not invited to this session."""

    title = "The recipient is not invited to this session"


class BastNotFound(NotFound):
    """No such BAST within the caller's agency and region."""

    title = "The handover record is not known"


class BastIsVoid(Conflict):
    """The BAST was voided."""

    title = "The handover record is void"


class ChangePending(Conflict):
    """Another correction or void of this BAST waits for its second officer."""

    title = "Another change of this handover record waits for a second officer"


class ChangeNotFound(NotFound):
    """No such request to void or correct."""

    title = "The requested change is not known"


class ChangeAlreadyAnswered(Conflict):
    """A second officer already answered."""

    title = "The requested change was already answered"


class LossReasonMissing(Unprocessable):
    """Writing goods off needs a reason."""

    title = "Writing goods off needs a reason"


class SessionState(StrEnum):
    """Where a session stands."""

    PLANNED = "planned"
    CLOSED = "closed"


class AppointmentState(StrEnum):
    """What became of an invitation."""

    EXPECTED = "expected"
    SERVED = "served"
    MISSED = "missed"
    REPLACED = "replaced"
    """A later invitation, or a handover elsewhere, took its place."""


class BastState(StrEnum):
    """A BAST is valid until it is voided; its number is never used again."""

    VALID = "valid"
    VOID = "void"


class ChangeState(StrEnum):
    """A request to void or correct a BAST."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


class CorrectionReason(StrEnum):
    """Why a BAST is corrected."""

    TYPING_ERROR = "typing_error"
    WRONG_DATE = "wrong_date"
    WRONG_NAME = "wrong_name"
    MISSING_PHOTO = "missing_photo"


class LossReason(StrEnum):
    """Why goods of a voided BAST are written off."""

    NOT_RETURNED = "not_returned"
    DAMAGED = "damaged"
    DIED = "died"
    """Livestock."""


@dataclass(slots=True)
class HandoverSession:
    """A dated meeting at a place where packages are handed over; `symbolic` for the ceremony."""

    id: UUID
    programme_id: UUID
    agency: str
    region_code: str
    place_code: str
    place_name: str
    held_on: date
    symbolic: bool
    state: SessionState = SessionState.PLANNED
    version: int = 1

    def require_planned(self) -> None:
        """Raises SessionClosed."""
        if self.state is not SessionState.PLANNED:
            raise SessionClosed(session_id=self.id)

    def close(self, expected_count: int) -> None:
        """Nobody is awaited any more. Raises SessionClosed, RecipientsStillExpected."""
        self.require_planned()
        if expected_count:
            raise RecipientsStillExpected(session_id=self.id, expected_count=expected_count)
        self.state = SessionState.CLOSED
        self.version += 1


@dataclass(slots=True)
class Bast:
    """A handover record, without names: those are sealed in the store or stand in the registry."""

    id: UUID
    number: str
    grant_id: UUID
    person_id: UUID
    programme_id: UUID
    session_id: UUID
    agency: str
    region_code: str
    occurred_on: date
    place_code: str
    place_name: str
    photo_reference: str | None
    replaces_bast_id: UUID | None
    state: BastState = BastState.VALID

    def void(self) -> None:
        """Raises BastIsVoid."""
        self.require_valid()
        self.state = BastState.VOID

    def require_valid(self) -> None:
        """Raises BastIsVoid."""
        if self.state is not BastState.VALID:
            raise BastIsVoid(bast_id=self.id, bast_number=self.number)


@dataclass(slots=True)
class Change:
    """A request to void or correct a BAST: maker, then another officer."""

    id: UUID
    bast_id: UUID
    maker: str
    state: ChangeState = ChangeState.REQUESTED
    checker: str | None = None

    def answer(self, officer: str, *, approved: bool) -> None:
        """The second officer's word. Raises ChangeAlreadyAnswered, SamePerson."""
        if self.state is not ChangeState.REQUESTED:
            raise ChangeAlreadyAnswered(change_id=self.id, state=self.state.value)
        if officer == self.maker:
            raise SamePerson(change_id=self.id)
        self.state = ChangeState.APPROVED if approved else ChangeState.REFUSED
        self.checker = officer


@dataclass(slots=True)
class VoidRequest(Change):
    """A request to void a BAST, and where its goods are."""

    reason: VoidReason = VoidReason.RECORDED_IN_ERROR
    goods: GoodsFate = GoodsFate.BACK_IN_STOCK
    loss_reason: LossReason | None = None

    def refuse_unless_explained(self) -> None:
        """Raises LossReasonMissing."""
        if self.goods is GoodsFate.WRITTEN_OFF and self.loss_reason is None:
            raise LossReasonMissing(bast_id=self.bast_id)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One clerical field, before and after; `detail` names the item of a changed condition."""

    field: BastField
    old_value: str
    new_value: str
    detail: str = ""


def bast_number(agency: str, year: int, serial: int) -> str:
    """Number of a BAST, such as BAST/DINSOS/2023/0001; more digits when 9,999 are used up."""
    return f"BAST/{agency.upper().replace('_', '-')}/{year}/{serial:04d}"
