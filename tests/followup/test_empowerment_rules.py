"""The rule of empowerment and the life of a candidate."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from chassis.errors import Refusal, SamePerson, StaleVersion
from chassis.ids import new_id
from services.followup.domain.correction import CorrectionReason, Figures, VisitCorrection
from services.followup.domain.empowerment import Empowerment, EmpowermentState, ReturnReason, Rule, Shortfall
from services.followup.domain.errors import (
    CorrectionClosed,
    CorrectionOutdated,
    MentoringEnded,
    NotCandidate,
    NothingChanged,
)
from services.followup.domain.facts import Empowered, When
from services.followup.domain.outcome import AssetState, VisitField
from services.followup.domain.plan import Hold, MentoringPlan
from tests.followup.builders import outcome, plan_of

RULE = Rule(
    version=1,
    valid_from=date(2000, 1, 1),
    visits_min=6,
    income_visits_count=3,
    income_of_baseline_percent=120,
    income_min_rupiah=600_000,
    refused_asset_states=frozenset({AssetState.LOST, AssetState.SOLD}),
    answer_days=30,
)
WHEN = When(date(2024, 6, 1))


def mentored(
    incomes: list[int], baseline_rupiah: int | None = 500_000, last_asset: AssetState = AssetState.KEPT
) -> MentoringPlan:
    plan = plan_of()
    for number, income in enumerate(incomes, start=1):
        asset = last_asset if number == len(incomes) else AssetState.KEPT
        moment = datetime(2024, 6, 1, tzinfo=UTC)
        plan.record_visit(number, outcome(income, asset), When(date(2024, number, 1)), "mentor", moment)
    plan.baseline_income_rupiah = baseline_rupiah
    return plan


@pytest.mark.parametrize(
    ("incomes", "baseline_rupiah", "asset", "shortfalls"),
    [
        ([0, 0, 0, 600_000, 600_000, 600_000], 500_000, AssetState.KEPT, []),
        ([600_000] * 6, 500_000, AssetState.DAMAGED, []),
        ([600_000] * 5, 500_000, AssetState.KEPT, [Shortfall.TOO_FEW_VISITS]),
        ([600_000] * 6, None, AssetState.KEPT, [Shortfall.NO_BASELINE]),
        ([600_000] * 6, 500_001, AssetState.KEPT, [Shortfall.INCOME_NOT_GROWN]),
        ([600_000] * 6, 500_000, AssetState.SOLD, [Shortfall.ASSET_GONE]),
        ([600_000] * 6, 500_000, AssetState.LOST, [Shortfall.ASSET_GONE]),
        ([600_000] * 5 + [599_999], 0, AssetState.GROWN, [Shortfall.INCOME_BELOW_MINIMUM]),
        ([600_000] * 3 + [599_999] + [600_000] * 2, 0, AssetState.GROWN, [Shortfall.INCOME_BELOW_MINIMUM]),
        ([], 0, AssetState.GROWN, [Shortfall.TOO_FEW_VISITS]),
    ],
)
def test_the_rule(
    incomes: list[int], baseline_rupiah: int | None, asset: AssetState, shortfalls: list[Shortfall]
) -> None:
    assert RULE.shortfalls(mentored(incomes, baseline_rupiah, asset)) == shortfalls


def test_a_later_version_may_ask_for_other_figures() -> None:
    plan = mentored([600_000] * 6)
    assert RULE.shortfalls(plan) == []
    assert replace(RULE, version=2, visits_min=9).shortfalls(plan) == [Shortfall.TOO_FEW_VISITS]


def candidate() -> Empowerment:
    return Empowerment(new_id(), new_id(), 1, new_id(), "mentor")


def test_a_verifier_confirms() -> None:
    plan, found = plan_of(), candidate()
    assert found.confirm(plan, "verifier", 1, WHEN) == Empowered(2, WHEN, 1)
    assert (found.state, found.checker, found.version) == (EmpowermentState.CONFIRMED, "verifier", 2)


@pytest.mark.parametrize(("checker", "version", "error"), [("mentor", 1, SamePerson), ("verifier", 2, StaleVersion)])
def test_four_eyes_and_versions(checker: str, version: int, error: type[Refusal]) -> None:
    found = candidate()
    with pytest.raises(error):
        found.confirm(plan_of(), checker, version, WHEN)
    with pytest.raises(error):
        found.give_back(checker, version, ReturnReason.ASSET_NOT_SEEN)
    assert found.state is EmpowermentState.CANDIDATE


def test_nobody_is_confirmed_after_mentoring_stopped() -> None:
    plan = plan_of()
    plan.hold(Hold.DECEASED, WHEN)
    with pytest.raises(MentoringEnded):
        candidate().confirm(plan, "verifier", 1, WHEN)


def test_a_closed_candidate_stays_closed() -> None:
    found = candidate()
    found.give_back("verifier", 1, ReturnReason.FIGURES_NOT_PLAUSIBLE)
    with pytest.raises(NotCandidate):
        found.confirm(plan_of(), "verifier", 2, WHEN)


def test_a_candidate_lapses_and_an_empowered_family_falls_into_doubt_and_out_of_it() -> None:
    found = candidate()
    assert found.reassess(1, found.last_visit_id, "mentor", met=False)
    assert found.state is EmpowermentState.LAPSED
    found = candidate()
    found.confirm(plan_of(), "verifier", 1, WHEN)
    assert found.reassess(1, found.last_visit_id, "mentor", met=False)
    assert (found.state, found.in_doubt) == (EmpowermentState.CONFIRMED, True)
    assert found.reassess(1, found.last_visit_id, "mentor", met=True)
    assert found.in_doubt is False


def test_a_new_visit_makes_its_mentor_the_maker() -> None:
    found, visit_id = candidate(), new_id()
    assert found.reassess(2, visit_id, "other-mentor", met=True)
    assert (found.maker, found.last_visit_id, found.rule_version, found.version) == ("other-mentor", visit_id, 2, 2)
    assert found.reassess(2, visit_id, "other-mentor", met=True) is False


OLD = Figures(date(2024, 1, 1), outcome(), 500_000)
NEW = Figures(date(2024, 1, 1), outcome(700_000), 500_000)


def correction(new: Figures = NEW) -> VisitCorrection:
    return VisitCorrection(new_id(), new_id(), new_id(), OLD, new, CorrectionReason.TYPING_ERROR, "maker")


def test_a_correction_names_what_it_changes() -> None:
    assert correction().changed_fields == [VisitField.TURNOVER, VisitField.INCOME]
    with pytest.raises(NothingChanged):
        correction(OLD)


@pytest.mark.parametrize(
    ("checker", "version", "stands", "error"),
    [
        ("maker", 1, OLD, SamePerson),
        ("checker", 2, OLD, StaleVersion),
        ("checker", 1, NEW, CorrectionOutdated),
    ],
)
def test_corrections_that_cannot_be_approved(checker: str, version: int, stands: Figures, error: type[Refusal]) -> None:
    with pytest.raises(error):
        correction().approve(checker, version, stands)


def test_a_correction_is_decided_once() -> None:
    decided = correction()
    decided.reject("checker", 1)
    with pytest.raises(CorrectionClosed):
        decided.approve("checker", 2, OLD)
