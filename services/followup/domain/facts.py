"""What happened in follow-up, as the domain says it; `outgoing` turns these into contracts."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.followup.domain.outcome import Outcome, VisitField


@dataclass(frozen=True, slots=True)
class When:
    """The regional date of an act, and why it was entered late."""

    occurred_on: date
    late_entry_reason: str | None = None


@dataclass(frozen=True, slots=True)
class PlanFact:
    """Base: `sequence` is the plan's version after the fact, and orders all facts of the plan."""

    sequence: int
    when: When


@dataclass(frozen=True, slots=True)
class MentoringPlanned(PlanFact):
    """Visits stand planned: for the first time, again after a pause, or more of them."""

    visit_dates: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class VisitDue(PlanFact):
    """The day of a planned visit came."""

    visit_number: int
    due_on: date


@dataclass(frozen=True, slots=True)
class MentoringStopped(PlanFact):
    """No further visits are planned, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeMeasured(PlanFact):
    """A visit was recorded."""

    visit_id: UUID
    visit_number: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class VisitCorrected(OutcomeMeasured):
    """A recorded visit was mended; the outcome as it is now."""

    changed_fields: tuple[VisitField, ...]


@dataclass(frozen=True, slots=True)
class Empowered(PlanFact):
    """A second officer confirmed that the family meets the rule."""

    rule_version: int


@dataclass(frozen=True, slots=True)
class GraduationFact(PlanFact):
    """Base of the facts of one graduation."""

    graduation_id: UUID


@dataclass(frozen=True, slots=True)
class GraduationProposed(GraduationFact):
    """The owner of the assistance is asked to end it."""

    visits_count: int
    answer_due_on: date


@dataclass(frozen=True, slots=True)
class GraduationUnanswered(GraduationFact):
    """The due date passed without an answer."""

    answer_due_on: date


@dataclass(frozen=True, slots=True)
class GraduationWithdrawn(GraduationFact):
    """The proposal was taken back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Graduated(GraduationFact):
    """The assistance ended."""


@dataclass(frozen=True, slots=True)
class GraduationRefused(GraduationFact):
    """The owner keeps the assistance."""
