"""When a family counts as empowered (berdaya): a versioned rule proposes, a second officer confirms.

The aim "from dependence to independence, family income" is S4's; the rule's figures are illustrative.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import SamePerson, StaleVersion
from services.followup.domain.errors import MentoringEnded, NotCandidate
from services.followup.domain.facts import Empowered, When
from services.followup.domain.outcome import AssetState
from services.followup.domain.plan import MentoringPlan, PlanState


class Shortfall(StrEnum):
    """A part of the rule that a family does not meet yet."""

    TOO_FEW_VISITS = "too_few_visits"
    NO_BASELINE = "no_baseline"
    ASSET_GONE = "asset_gone"
    INCOME_NOT_GROWN = "income_not_grown"
    INCOME_BELOW_MINIMUM = "income_below_minimum"


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of the rule; whole numbers only, so that 1.2 times is written as 120 percent."""

    version: int
    valid_from: date
    visits_min: int
    income_visits_count: int
    """How many of the last visits must each show the income."""
    income_of_baseline_percent: int
    income_min_rupiah: int
    refused_asset_states: frozenset[AssetState]
    answer_days: int
    """How long the owner of the assistance has to answer a graduation proposal."""

    def shortfalls(self, plan: MentoringPlan) -> list[Shortfall]:
        """What the family misses; empty when the rule is met. "Last" means by visit number."""
        outcomes = [visit.record[1] for visit in plan.recorded_visits]
        incomes = [outcome.monthly_income_rupiah for outcome in outcomes[-self.income_visits_count :]]
        baseline = plan.baseline_income_rupiah
        missed = {
            Shortfall.TOO_FEW_VISITS: len(outcomes) < self.visits_min,
            Shortfall.NO_BASELINE: baseline is None,
            Shortfall.ASSET_GONE: bool(outcomes) and outcomes[-1].asset_state in self.refused_asset_states,
            Shortfall.INCOME_NOT_GROWN: baseline is not None
            and any(income * 100 < baseline * self.income_of_baseline_percent for income in incomes),
            Shortfall.INCOME_BELOW_MINIMUM: any(income < self.income_min_rupiah for income in incomes),
        }
        return [shortfall for shortfall, is_missed in missed.items() if is_missed]


class EmpowermentState(StrEnum):
    """State of a candidate."""

    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    LAPSED = "lapsed"


class ReturnReason(StrEnum):
    """Why a verifier does not confirm a candidate."""

    FIGURES_NOT_PLAUSIBLE = "figures_not_plausible"
    ASSET_NOT_SEEN = "asset_not_seen"
    VISIT_NOT_CREDIBLE = "visit_not_credible"


@dataclass(slots=True)
class Empowerment:
    """A family's candidature, made by the rule; its maker is the mentor who recorded the last visit."""

    id: UUID
    plan_id: UUID
    rule_version: int
    last_visit_id: UUID
    maker: str
    state: EmpowermentState = EmpowermentState.CANDIDATE
    in_doubt: bool = False
    """Confirmed, but the figures as they are now no longer meet the rule."""
    checker: str | None = None
    return_reason: ReturnReason | None = None
    version: int = 1

    def reassess(self, rule_version: int, last_visit_id: UUID, maker: str, met: bool) -> bool:
        """Judge again after a visit or correction; returns whether anything changed."""
        before = (self.state, self.in_doubt, self.rule_version, self.last_visit_id, self.maker)
        if self.state is EmpowermentState.CONFIRMED:
            self.in_doubt = not met
        elif not met:
            self.state = EmpowermentState.LAPSED
        else:
            self.rule_version, self.last_visit_id, self.maker = rule_version, last_visit_id, maker
        changed = before != (self.state, self.in_doubt, self.rule_version, self.last_visit_id, self.maker)
        self.version += changed
        return changed

    def confirm(self, plan: MentoringPlan, checker: str, seen_version: int, when: When) -> Empowered:
        """Raises MentoringEnded, NotCandidate, StaleVersion, SamePerson."""
        if plan.state is not PlanState.ACTIVE:
            raise MentoringEnded(plan_id=plan.id)
        self._close(EmpowermentState.CONFIRMED, checker, seen_version)
        return Empowered(plan.next_sequence(), when, self.rule_version)

    def give_back(self, checker: str, seen_version: int, reason: ReturnReason) -> None:
        """Not confirmed; the next visit or correction may make a new candidate.

        Raises NotCandidate, StaleVersion, SamePerson.
        """
        self._close(EmpowermentState.RETURNED, checker, seen_version)
        self.return_reason = reason

    def _close(self, state: EmpowermentState, checker: str, seen_version: int) -> None:
        if self.state is not EmpowermentState.CANDIDATE:
            raise NotCandidate(empowerment_id=self.id, state=self.state.value)
        if seen_version != self.version:
            raise StaleVersion(empowerment_id=self.id, version=self.version)
        if checker == self.maker:
            raise SamePerson(empowerment_id=self.id)
        self.state, self.checker, self.version = state, checker, self.version + 1
