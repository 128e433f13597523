"""Asking the owner of a family's social assistance to end it (graduasi, S4), and every way this can go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from services.followup.domain.empowerment import Empowerment, EmpowermentState, Rule
from services.followup.domain.errors import (
    AlreadyGraduated,
    EmpowermentInDoubt,
    GraduationClosed,
    GraduationOpen,
    MentoringEnded,
    NotEmpowered,
)
from services.followup.domain.facts import (
    Graduated,
    GraduationProposed,
    GraduationRefused,
    GraduationUnanswered,
    GraduationWithdrawn,
    When,
)
from services.followup.domain.plan import MentoringPlan, PlanState


class GraduationState(StrEnum):
    """State of a graduation."""

    PROPOSED = "proposed"
    UNANSWERED = "unanswered"
    GRADUATED = "graduated"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"


OPEN_STATES = frozenset({GraduationState.PROPOSED, GraduationState.UNANSWERED})
LIVE_STATES = OPEN_STATES | {GraduationState.GRADUATED}


class WithdrawalReason(StrEnum):
    """Why a proposal is taken back."""

    OUTCOME_CORRECTED = "outcome_corrected"
    HOUSEHOLD_SHOCK = "household_shock"
    PROPOSED_IN_ERROR = "proposed_in_error"


@dataclass(slots=True)
class Graduation:
    """One proposal and its answer. Facts that no longer fit its state are recorded, never refused."""

    id: UUID
    plan_id: UUID
    maker: str
    answer_due_on: date
    proposed_on: date
    state: GraduationState = GraduationState.PROPOSED
    flagged: bool = False
    """The figures it stands on no longer meet the rule: an officer should withdraw it."""
    withdrawal_reason: WithdrawalReason | None = None
    refusal_reason: str | None = None
    ended_on: date | None = None
    schemes: tuple[str, ...] = ()
    restored_on: date | None = None
    version: int = 1

    @property
    def waiting_for(self) -> str | None:
        """What it waits for from the owner of the assistance."""
        if self.state in OPEN_STATES:
            return "answer"
        restoration_due = self.state is GraduationState.WITHDRAWN and self.ended_on is not None and bool(self.schemes)
        return "restoration" if restoration_due else None

    def flag(self, in_doubt: bool) -> bool:
        """Mark that the figures it stands on fail, or hold again; returns whether that is news."""
        changed = self.flagged != in_doubt
        self.flagged = in_doubt
        self.version += changed
        return changed

    def withdraw(self, plan: MentoringPlan, reason: WithdrawalReason, when: When) -> GraduationWithdrawn:
        """Take it back while open, or after the assistance ended, so that it is restored. Raises GraduationClosed."""
        if self.state not in LIVE_STATES:
            raise GraduationClosed(graduation_id=self.id, state=self.state.value)
        self._move(GraduationState.WITHDRAWN)
        self.withdrawal_reason = reason
        return GraduationWithdrawn(plan.next_sequence(), when, self.id, reason.value)

    def deadline_passed(self, plan: MentoringPlan) -> GraduationUnanswered | None:
        """The due date is over; the proposal stays open. Nothing once answered or withdrawn."""
        if self.state is not GraduationState.PROPOSED:
            return None
        self._move(GraduationState.UNANSWERED)
        return GraduationUnanswered(plan.next_sequence(), When(self.answer_due_on), self.id, self.answer_due_on)

    def assistance_ended(
        self, plan: MentoringPlan, ended_on: date, schemes: Sequence[str], when: When
    ) -> Graduated | None:
        """The owner ended it. After a withdrawal only noted: then the assistance waits to be restored."""
        if self.state not in OPEN_STATES | {GraduationState.WITHDRAWN}:
            return None
        self.ended_on, self.schemes = ended_on, tuple(schemes)
        if self.state is GraduationState.WITHDRAWN:
            self.version += 1
            return None
        self._move(GraduationState.GRADUATED)
        return Graduated(plan.next_sequence(), when, self.id)

    def end_refused(self, plan: MentoringPlan, reason: str, when: When) -> GraduationRefused | None:
        """The owner keeps it; mentoring goes on and a new proposal may follow. Only noted after a withdrawal."""
        if self.state not in OPEN_STATES | {GraduationState.WITHDRAWN}:
            return None
        self.refusal_reason = reason
        if self.state is GraduationState.WITHDRAWN:
            self.version += 1
            return None
        self._move(GraduationState.REFUSED)
        return GraduationRefused(plan.next_sequence(), when, self.id)

    def assistance_restored(self, restored_on: date) -> None:
        """Membership was given back, after a withdrawal or because the owner ended it by mistake."""
        if self.state in {GraduationState.GRADUATED, GraduationState.WITHDRAWN}:
            self._move(GraduationState.RESTORED)
            self.restored_on = restored_on

    def _move(self, state: GraduationState) -> None:
        self.state, self.version = state, self.version + 1


def answer_due_on(rule: Rule, when: When, today: date) -> date:
    """Counted from the act; from today when entered late, or the deadline would be over before the owner was asked."""
    start = today if when.late_entry_reason is not None else when.occurred_on
    return start + timedelta(days=rule.answer_days)


def propose(
    plan: MentoringPlan,
    empowerment: Empowerment | None,
    live: Graduation | None,
    graduation: Graduation,
    when: When,
) -> GraduationProposed:
    """Propose the graduation of an empowered family.

    Raises MentoringEnded, NotEmpowered, EmpowermentInDoubt, GraduationOpen, AlreadyGraduated.
    """
    if plan.state is not PlanState.ACTIVE:
        raise MentoringEnded(plan_id=plan.id)
    if empowerment is None or empowerment.state is not EmpowermentState.CONFIRMED:
        raise NotEmpowered(plan_id=plan.id)
    if empowerment.in_doubt:
        raise EmpowermentInDoubt(plan_id=plan.id)
    if live is not None and live.state is GraduationState.GRADUATED:
        raise AlreadyGraduated(graduation_id=live.id)
    if live is not None:
        raise GraduationOpen(graduation_id=live.id)
    visits_count = len(plan.recorded_visits)
    return GraduationProposed(plan.next_sequence(), when, graduation.id, visits_count, graduation.answer_due_on)
