"""Correction of one field of a person (perbaikan data): proposed with evidence, approved by a second officer.

UU 27/2022 gives a person the right to it; what was, what is, why and by whom stays on record.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotFound, SamePerson, StaleVersion, Unprocessable
from services.registry.domain import dates, naming, nik, phone
from services.registry.domain.person import Attributes, DecileSource, PersonStatus


class PersonField(StrEnum):
    """A field that may be corrected."""

    NAME = "name"
    NIK = "nik"
    FAMILY_CARD = "family_card"
    BIRTH_DATE = "birth_date"
    PHONE = "phone"
    ADDRESS = "address"
    REGION = "region"
    DECILE = "decile"
    STATUS = "status"


IDENTIFYING = frozenset(
    {
        PersonField.NAME,
        PersonField.NIK,
        PersonField.FAMILY_CARD,
        PersonField.BIRTH_DATE,
        PersonField.PHONE,
        PersonField.ADDRESS,
    }
)
"""Fields whose values never leave the registry; others learn only that they changed."""


class CorrectionReason(StrEnum):
    """Why a field is wrong."""

    TYPING_ERROR = "typing_error"
    DOCUMENT_SHOWN = "document_shown"
    DUKCAPIL_CHANGED = "dukcapil_changed"
    LIST_RENEWED = "list_renewed"
    NUMBER_CHANGED = "number_changed"
    MOVED = "moved"
    DIED = "died"


class CorrectionState(StrEnum):
    """proposed → approved | rejected | withdrawn; all three are final."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class CorrectionRejectionReason(StrEnum):
    """Why a second officer refused a correction."""

    EVIDENCE_MISSING = "evidence_missing"
    EVIDENCE_DIFFERS = "evidence_differs"
    WRONG_PERSON = "wrong_person"


class CorrectionNotFound(NotFound):
    """No such correction within the caller's scope."""

    title = "No such correction in your agency and region"


class CorrectionNotOpen(Conflict):
    """It was decided already."""

    title = "This correction was decided already"


class CorrectionOpen(Conflict):
    """One open correction per person and field."""

    title = "A correction of this field is open already: decide that one first"


class NothingToCorrect(Conflict):
    """The new value is the one on record."""

    title = "The new value is the one on record already"


class NikTaken(Conflict):
    """The NIK belongs to another registered person."""

    title = "Another registered person has this NIK"


class ValueInvalid(Unprocessable):
    """The new value does not have the form of its field."""

    title = "The new value does not fit the field"


class VillageUnknown(Unprocessable):
    """The region of a person is a village of this deployment."""

    title = "The village code is unknown"


class DecileSourceNeeded(Unprocessable):
    """Never a decile without its list, and no list without a decile."""

    title = "Give list_source, list_version and list_dated_on with a decile, and only with it"


@dataclass(frozen=True, slots=True)
class PersonCorrected:
    """An approved correction: all attributes as they are now, and what changed."""

    correction_id: UUID
    attributes: Attributes
    changed_fields: tuple[PersonField, ...]


@dataclass(slots=True)
class Correction:
    """The aggregate. Old and new value are identifying and kept sealed; empty means none."""

    id: UUID
    person_id: UUID
    field: PersonField
    old_value: str
    new_value: str
    reason: CorrectionReason
    evidence_reference: str
    maker: str
    occurred_on: date
    late_entry_reason: str | None
    decile_source: DecileSource | None = None
    checker: str | None = None
    state: CorrectionState = CorrectionState.PROPOSED
    rejection_reason: CorrectionRejectionReason | None = None
    version: int = 1

    def approve(self, checker: str, version: int) -> None:
        """Second officer lets it take effect; raises `CorrectionNotOpen`, `StaleVersion`, `SamePerson`."""
        self._decide(checker, version, CorrectionState.APPROVED)

    def reject(self, checker: str, version: int, reason: CorrectionRejectionReason) -> None:
        """Second officer refuses it; the field may be corrected anew."""
        self._decide(checker, version, CorrectionState.REJECTED)
        self.rejection_reason = reason

    def withdraw(self) -> None:
        """The maker's side takes it back."""
        self._require_open()
        self.state = CorrectionState.WITHDRAWN
        self.version += 1

    def _decide(self, checker: str, version: int, state: CorrectionState) -> None:
        self._require_open()
        if version != self.version:
            raise StaleVersion(correction_id=self.id, version=self.version)
        if checker == self.maker:
            raise SamePerson(correction_id=self.id)
        self.checker, self.state = checker, state
        self.version += 1

    def _require_open(self) -> None:
        if self.state is not CorrectionState.PROPOSED:
            raise CorrectionNotOpen(correction_id=self.id, state=self.state.value)


def require_source(field: PersonField, source: DecileSource | None) -> None:
    """Raise `DecileSourceNeeded` unless a decile, and nothing else, comes with its list."""
    if (field is PersonField.DECILE) != (source is not None):
        raise DecileSourceNeeded(field=field.value)


def read_value(field: PersonField, text: str, today: date) -> str:
    """The value in the form the registry keeps; raises `ValueInvalid` naming the field, never the value.

    A phone may be emptied: the number is dead and no other is known.
    """
    value = _read(field, naming.tidy(text), today)
    if value is None:
        raise ValueInvalid(field=field.value)
    return value


def _read(field: PersonField, text: str, today: date) -> str | None:
    match field:
        case PersonField.NAME | PersonField.ADDRESS | PersonField.REGION:
            return text or None
        case PersonField.NIK:
            return text if nik.is_sixteen_digits(text) and nik.birth_part(text) else None
        case PersonField.FAMILY_CARD:
            return text if nik.is_sixteen_digits(text) else None
        case PersonField.BIRTH_DATE:
            found = dates.read_birth_date(text, today)
            return found.isoformat() if found else None
        case PersonField.PHONE:
            return phone.normalise(text) if text else ""
        case PersonField.DECILE:
            return text if text in {str(decile) for decile in range(1, 11)} else None
        case PersonField.STATUS:
            return text if text in {status.value for status in PersonStatus} else None
