"""The import of a targeting list: checked when uploaded, applied only after a second officer approved it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from chassis.errors import Conflict, NotFound, SamePerson, StaleVersion
from services.registry.domain.act import Act
from services.registry.domain.person import Attributes, DecileSource

DECIDE_WITHIN_DAYS: Final = 365
"""A list that nobody decided is out of date by then, and what it says of people is removed (docs/retention.md)."""


class ImportState(StrEnum):
    """checked → approved → applied, or rejected by the checker, or withdrawn by the maker's side."""

    CHECKED = "checked"
    APPROVED = "approved"
    APPLIED = "applied"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class RowOutcome(StrEnum):
    """What became of a row: accepted rows are registered, or found known or refused, when the list is applied."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    REFUSED = "refused"
    REGISTERED = "registered"


class RejectionReason(StrEnum):
    """Why a checker returned a list."""

    TOO_MANY_REFUSALS = "too_many_refusals"
    WRONG_LIST = "wrong_list"
    WRONG_VERSION = "wrong_version"
    NOT_AUTHORISED = "not_authorised"


class ImportNotFound(NotFound):
    """No such import within the caller's scope."""

    title = "No such import in your agency and region"


class ImportNotOpen(Conflict):
    """Approved, rejected and withdrawn are final: mend what was applied by corrections."""

    title = "This import was decided already"


class ListOutOfDate(Conflict):
    """What the list said of people is removed, or about to be."""

    title = "This list waited for a decision for more than a year: reject or withdraw it, and upload a new one"


class NothingToApply(Conflict):
    """Every row was refused."""

    title = "Every row of this list was refused: there is nothing to approve"


class AlreadyImported(Conflict):
    """The same file is in the registry already and adds nothing."""

    title = "This file was uploaded before and adds nothing"


@dataclass(frozen=True, slots=True)
class PersonRegistered:
    """A new person of an applied list."""

    import_id: UUID
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class ListImported:
    """A list was applied to the end."""

    import_id: UUID
    decile_source: DecileSource
    rows_count: int
    registered_count: int
    known_count: int
    refused_count: int


@dataclass(slots=True)
class ListImport:
    """The aggregate: its rows are counted here and kept sealed in the store."""

    id: UUID
    agency: str
    region_code: str
    decile_source: DecileSource
    rows_count: int
    accepted_count: int
    known_count: int
    refused_count: int
    maker: str
    uploaded_on: date
    checker: str | None = None
    state: ImportState = ImportState.CHECKED
    registered_count: int = 0
    approval: Act | None = None
    rejection_reason: RejectionReason | None = None
    version: int = 1

    def approve(self, checker: str, version: int, act: Act, today: date) -> None:
        """Second officer lets the list in.

        Raises `SamePerson`, `StaleVersion`, `ImportNotOpen`, `ListOutOfDate`, `NothingToApply`.
        """
        self._decide(checker, version)
        if (today - self.uploaded_on).days > DECIDE_WITHIN_DAYS:
            raise ListOutOfDate(import_id=self.id, uploaded_on=self.uploaded_on)
        if self.accepted_count + self.known_count == 0:
            raise NothingToApply(import_id=self.id, refused_count=self.refused_count)
        self.state, self.approval = ImportState.APPROVED, act
        self.version += 1

    def reject(self, checker: str, version: int, reason: RejectionReason) -> None:
        """Second officer returns the list; the same file may be uploaded again."""
        self._decide(checker, version)
        self.state, self.rejection_reason = ImportState.REJECTED, reason
        self.version += 1

    def withdraw(self) -> None:
        """The maker's side takes the list back before anybody approved it."""
        self._require_open()
        self.state = ImportState.WITHDRAWN
        self.version += 1

    def count_applied(self, registered: int, known: int, refused: int) -> None:
        """A chunk of accepted rows was applied; what was registered elsewhere meanwhile is known or refused."""
        self.registered_count += registered
        self.known_count += known
        self.refused_count += refused
        self.accepted_count -= registered + known + refused

    def finish(self) -> ListImported:
        """The last chunk is applied."""
        if self.state is not ImportState.APPROVED:
            raise ImportNotOpen(import_id=self.id, state=self.state.value)
        self.state = ImportState.APPLIED
        self.version += 1
        return ListImported(
            self.id, self.decile_source, self.rows_count, self.registered_count, self.known_count, self.refused_count
        )

    def _decide(self, checker: str, version: int) -> None:
        self._require_open()
        if version != self.version:
            raise StaleVersion(import_id=self.id, version=self.version)
        if checker == self.maker:
            raise SamePerson(import_id=self.id)
        self.checker = checker

    def _require_open(self) -> None:
        if self.state is not ImportState.CHECKED:
            raise ImportNotOpen(import_id=self.id, state=self.state.value)
