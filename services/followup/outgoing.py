"""All that follow-up tells the world: each domain fact as its public contract. No note, no officer, no old value."""

from collections.abc import Callable, Mapping
from typing import Any

from chassis.commands import DatedCommand
from chassis.consumer import Delivered
from chassis.transaction import Transaction
from contracts import followup as c
from contracts.envelope import Fact, LateEntryReason
from services.followup.domain import facts as f
from services.followup.domain.facts import PlanFact, When
from services.followup.domain.outcome import Outcome
from services.followup.domain.plan import MentoringPlan


def publish_facts(
    tx: Transaction, plan: MentoringPlan, *facts: PlanFact | None, cause: Delivered[Any] | None = None
) -> None:
    """Publish those facts that happened, in the plan's case and order; None means nothing happened."""
    for fact in facts:
        if fact is not None:
            tx.publish(contract_of(plan, fact), sequence=fact.sequence, case=plan.case_id, cause=cause)


def when_of(command: DatedCommand) -> When:
    """The date of an officer's act."""
    return When(command.occurred_on, command.late_entry_reason.value if command.late_entry_reason else None)


def when_heard(event: Delivered[Any]) -> When:
    """The date of an act that another service told of."""
    late = event.data.late_entry_reason
    return When(event.data.occurred_on, late.value if late else None)


def contract_of(plan: MentoringPlan, fact: f.PlanFact) -> Fact:
    """The contract of a domain fact about this plan."""
    return _CONTRACTS[type(fact)](plan, fact)


def _common(plan: MentoringPlan, fact: f.PlanFact) -> dict[str, Any]:
    late = fact.when.late_entry_reason
    return {
        "occurred_on": fact.when.occurred_on,
        "late_entry_reason": LateEntryReason(late) if late else None,
        "agency": plan.agency,
        "plan_id": plan.id,
        "grant_id": plan.grant_id,
        "person_id": plan.person_id,
        "family_id": plan.family_id,
        "programme_id": plan.programme_id,
    }


def _measured(outcome: Outcome) -> dict[str, Any]:
    return {
        "monthly_turnover_rupiah": outcome.monthly_turnover_rupiah,
        "monthly_income_rupiah": outcome.monthly_income_rupiah,
        "family_working_hours": outcome.family_working_hours,
        "asset_state": c.AssetState(outcome.asset_state.value),
    }


def _planned(plan: MentoringPlan, fact: f.MentoringPlanned) -> Fact:
    return c.MentoringPlannedV1(**_common(plan, fact), region_code=plan.region_code, visit_dates=fact.visit_dates)


def _due(plan: MentoringPlan, fact: f.VisitDue) -> Fact:
    return c.VisitDueV1(**_common(plan, fact), visit_number=fact.visit_number, due_on=fact.due_on)


def _stopped(plan: MentoringPlan, fact: f.MentoringStopped) -> Fact:
    return c.MentoringStoppedV1(**_common(plan, fact), reason=c.PlanEndReason(fact.reason))


def _outcome(plan: MentoringPlan, fact: f.OutcomeMeasured) -> Fact:
    return c.OutcomeMeasuredV1(
        **_common(plan, fact), visit_id=fact.visit_id, visit_number=fact.visit_number, **_measured(fact.outcome)
    )


def _corrected(plan: MentoringPlan, fact: f.VisitCorrected) -> Fact:
    return c.VisitCorrectedV1(
        **_common(plan, fact),
        visit_id=fact.visit_id,
        visit_number=fact.visit_number,
        **_measured(fact.outcome),
        changed_fields=tuple(c.VisitField(name.value) for name in fact.changed_fields),
    )


def _empowered(plan: MentoringPlan, fact: f.Empowered) -> Fact:
    return c.EmpoweredV1(**_common(plan, fact), rule_version=fact.rule_version)


def _proposed(plan: MentoringPlan, fact: f.GraduationProposed) -> Fact:
    return c.GraduationProposedV1(
        **_common(plan, fact),
        graduation_id=fact.graduation_id,
        region_code=plan.region_code,
        visits_count=fact.visits_count,
        answer_due_on=fact.answer_due_on,
    )


def _unanswered(plan: MentoringPlan, fact: f.GraduationUnanswered) -> Fact:
    return c.GraduationUnansweredV1(
        **_common(plan, fact), graduation_id=fact.graduation_id, answer_due_on=fact.answer_due_on
    )


def _withdrawn(plan: MentoringPlan, fact: f.GraduationWithdrawn) -> Fact:
    return c.GraduationWithdrawnV1(
        **_common(plan, fact), graduation_id=fact.graduation_id, reason=c.WithdrawalReason(fact.reason)
    )


def _graduated(plan: MentoringPlan, fact: f.Graduated) -> Fact:
    return c.GraduatedV1(**_common(plan, fact), graduation_id=fact.graduation_id)


def _refused(plan: MentoringPlan, fact: f.GraduationRefused) -> Fact:
    return c.GraduationRefusedV1(**_common(plan, fact), graduation_id=fact.graduation_id)


_CONTRACTS: Mapping[type[f.PlanFact], Callable[[MentoringPlan, Any], Fact]] = {
    f.MentoringPlanned: _planned,
    f.VisitDue: _due,
    f.MentoringStopped: _stopped,
    f.OutcomeMeasured: _outcome,
    f.VisitCorrected: _corrected,
    f.Empowered: _empowered,
    f.GraduationProposed: _proposed,
    f.GraduationUnanswered: _unanswered,
    f.GraduationWithdrawn: _withdrawn,
    f.Graduated: _graduated,
    f.GraduationRefused: _refused,
}
