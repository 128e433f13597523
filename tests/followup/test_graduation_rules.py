"""The life of a graduation, as a table of what may follow what."""

from collections.abc import Callable
from datetime import date

import pytest

from chassis.errors import Refusal
from chassis.ids import new_id
from services.followup.domain import errors as e
from services.followup.domain import facts as f
from services.followup.domain.empowerment import Empowerment, EmpowermentState
from services.followup.domain.graduation import (
    Graduation,
    GraduationState,
    WithdrawalReason,
    answer_due_on,
    propose,
)
from services.followup.domain.plan import Hold, MentoringPlan
from tests.followup.builders import plan_of
from tests.followup.test_empowerment_rules import RULE

WHEN = f.When(date(2024, 7, 1))
State = GraduationState
Step = Callable[[Graduation, MentoringPlan], f.PlanFact | None]


def ended(graduation: Graduation, plan: MentoringPlan) -> f.PlanFact | None:
    return graduation.assistance_ended(plan, date(2024, 7, 1), ["pkh"], WHEN)


def refused(graduation: Graduation, plan: MentoringPlan) -> f.PlanFact | None:
    return graduation.end_refused(plan, "vulnerable_member", WHEN)


def withdrawn(graduation: Graduation, plan: MentoringPlan) -> f.PlanFact | None:
    return graduation.withdraw(plan, WithdrawalReason.HOUSEHOLD_SHOCK, WHEN)


def unanswered(graduation: Graduation, plan: MentoringPlan) -> f.PlanFact | None:
    return graduation.deadline_passed(plan)


def restored(graduation: Graduation, _plan: MentoringPlan) -> f.PlanFact | None:
    graduation.assistance_restored(date(2024, 8, 1))
    return None


def proposed() -> Graduation:
    return Graduation(new_id(), new_id(), "petugas", date(2024, 7, 15), date(2024, 6, 15))


@pytest.mark.parametrize(
    ("steps", "state", "last_fact", "waiting_for"),
    [
        ([], State.PROPOSED, None, "answer"),
        ([ended], State.GRADUATED, f.Graduated, None),
        ([refused], State.REFUSED, f.GraduationRefused, None),
        ([unanswered], State.UNANSWERED, f.GraduationUnanswered, "answer"),
        ([unanswered, unanswered], State.UNANSWERED, None, "answer"),
        ([unanswered, ended], State.GRADUATED, f.Graduated, None),
        ([unanswered, refused], State.REFUSED, f.GraduationRefused, None),
        ([withdrawn], State.WITHDRAWN, f.GraduationWithdrawn, None),
        ([unanswered, withdrawn], State.WITHDRAWN, f.GraduationWithdrawn, None),
        ([withdrawn, unanswered], State.WITHDRAWN, None, None),
        ([withdrawn, refused], State.WITHDRAWN, None, None),
        ([withdrawn, ended], State.WITHDRAWN, None, "restoration"),
        ([withdrawn, ended, restored], State.RESTORED, None, None),
        ([ended, withdrawn], State.WITHDRAWN, f.GraduationWithdrawn, "restoration"),
        ([ended, withdrawn, restored], State.RESTORED, None, None),
        ([ended, restored], State.RESTORED, None, None),
        ([ended, ended], State.GRADUATED, None, None),
        ([ended, refused], State.GRADUATED, None, None),
        ([refused, ended], State.REFUSED, None, None),
        ([refused, restored], State.REFUSED, None, None),
    ],
)
def test_what_may_follow_what(
    steps: list[Step], state: State, last_fact: type[f.PlanFact] | None, waiting_for: str | None
) -> None:
    graduation, plan, fact = proposed(), plan_of(), None
    for step in steps:
        version_before = plan.version
        fact = step(graduation, plan)
        assert plan.version == version_before + (fact is not None), "every fact has a number of its own"
    assert (graduation.state, graduation.waiting_for) == (state, waiting_for)
    assert (type(fact) if fact else None) is last_fact


@pytest.mark.parametrize("step", [refused, withdrawn])
def test_a_closed_graduation_cannot_be_withdrawn(step: Step) -> None:
    graduation, plan = proposed(), plan_of()
    step(graduation, plan)
    with pytest.raises(e.GraduationClosed):
        withdrawn(graduation, plan)


def empowered(state: EmpowermentState = EmpowermentState.CONFIRMED, in_doubt: bool = False) -> Empowerment:
    return Empowerment(new_id(), new_id(), 1, new_id(), "mentor", state, in_doubt)


def graduated() -> Graduation:
    graduation = proposed()
    ended(graduation, plan_of())
    return graduation


@pytest.mark.parametrize(
    ("empowerment", "live", "error"),
    [
        (None, None, e.NotEmpowered),
        (empowered(EmpowermentState.CANDIDATE), None, e.NotEmpowered),
        (empowered(in_doubt=True), None, e.EmpowermentInDoubt),
        (empowered(), proposed(), e.GraduationOpen),
        (empowered(), graduated(), e.AlreadyGraduated),
    ],
)
def test_proposals_that_are_refused(
    empowerment: Empowerment | None, live: Graduation | None, error: type[Refusal]
) -> None:
    with pytest.raises(error):
        propose(plan_of(), empowerment, live, proposed(), WHEN)


def test_no_proposal_after_mentoring_stopped() -> None:
    plan = plan_of()
    plan.hold(Hold.DECEASED, WHEN)
    with pytest.raises(e.MentoringEnded):
        propose(plan, empowered(), None, proposed(), WHEN)


def test_a_proposal_names_its_deadline() -> None:
    plan, graduation = plan_of(), proposed()
    fact = propose(plan, empowered(), None, graduation, WHEN)
    assert fact == f.GraduationProposed(2, WHEN, graduation.id, 0, date(2024, 7, 15))


def test_late_entry_counts_the_deadline_from_today() -> None:
    today = date(2026, 1, 10)
    assert answer_due_on(RULE, f.When(date(2026, 1, 5)), today) == date(2026, 2, 4)
    assert answer_due_on(RULE, f.When(date(2024, 6, 15), "historical_data"), today) == date(2026, 2, 9)
