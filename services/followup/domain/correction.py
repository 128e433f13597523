"""Mending a recorded visit: written by one officer, approved by another; old and new values are both kept."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import SamePerson, StaleVersion
from services.followup.domain.errors import CorrectionClosed, CorrectionOutdated, NothingChanged
from services.followup.domain.outcome import Outcome, VisitField


class CorrectionReason(StrEnum):
    """Why a visit is mended."""

    TYPING_ERROR = "typing_error"
    WRONG_FAMILY = "wrong_family"
    MISUNDERSTOOD_ANSWER = "misunderstood_answer"
    RECOUNTED = "recounted"


class CorrectionState(StrEnum):
    """State of a correction."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a correction may change of a visit, and the plan's baseline."""

    occurred_on: date
    outcome: Outcome
    baseline_income_rupiah: int | None

    def changed_to(self, new: "Figures") -> list[VisitField]:
        """Names of the fields in which `new` differs."""
        pairs = {
            VisitField.OCCURRED_ON: (self.occurred_on, new.occurred_on),
            VisitField.TURNOVER: (self.outcome.monthly_turnover_rupiah, new.outcome.monthly_turnover_rupiah),
            VisitField.INCOME: (self.outcome.monthly_income_rupiah, new.outcome.monthly_income_rupiah),
            VisitField.WORKING_HOURS: (self.outcome.family_working_hours, new.outcome.family_working_hours),
            VisitField.ASSET_STATE: (self.outcome.asset_state, new.outcome.asset_state),
            VisitField.BASELINE_INCOME: (self.baseline_income_rupiah, new.baseline_income_rupiah),
        }
        return [name for name, (old, mended) in pairs.items() if old != mended]


@dataclass(slots=True)
class VisitCorrection:
    """One correction of one visit."""

    id: UUID
    plan_id: UUID
    visit_id: UUID
    old: Figures
    new: Figures
    reason: CorrectionReason
    maker: str
    state: CorrectionState = CorrectionState.OPEN
    checker: str | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if not self.changed_fields:
            raise NothingChanged(visit_id=self.visit_id)

    @property
    def changed_fields(self) -> list[VisitField]:
        """Names of the fields it changes."""
        return self.old.changed_to(self.new)

    def approve(self, checker: str, seen_version: int, now_stands: Figures) -> None:
        """Raises CorrectionClosed, StaleVersion, SamePerson, CorrectionOutdated."""
        self._close(CorrectionState.APPROVED, checker, seen_version)
        if now_stands != self.old:
            raise CorrectionOutdated(correction_id=self.id)

    def reject(self, checker: str, seen_version: int) -> None:
        """Raises CorrectionClosed, StaleVersion, SamePerson."""
        self._close(CorrectionState.REJECTED, checker, seen_version)

    def _close(self, state: CorrectionState, checker: str, seen_version: int) -> None:
        if self.state is not CorrectionState.OPEN:
            raise CorrectionClosed(correction_id=self.id, state=self.state.value)
        if seen_version != self.version:
            raise StaleVersion(correction_id=self.id, version=self.version)
        if checker == self.maker:
            raise SamePerson(correction_id=self.id)
        self.state, self.checker, self.version = state, checker, self.version + 1
