"""Rules of plans and visits."""

from datetime import UTC, date, datetime

import pytest

from chassis.errors import Refusal
from chassis.ids import new_id
from services.followup.domain import errors as e
from services.followup.domain.facts import MentoringPlanned, OutcomeMeasured, VisitCorrected, VisitDue, When
from services.followup.domain.outcome import VisitField
from services.followup.domain.plan import Handover, Hold, PlanState, VisitState
from services.followup.domain.schedule import Schedule, add_months
from tests.followup.builders import HANDED_OVER_ON, outcome, plan_of

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2023, 11, 22), 1, date(2023, 12, 22)),
        (date(2023, 11, 22), 2, date(2024, 1, 22)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2023, 1, 31), 2, date(2023, 3, 31)),
        (date(2023, 10, 31), 1, date(2023, 11, 30)),
        (date(2023, 12, 15), 1, date(2024, 1, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)
def test_months_end_on_the_last_day_a_month_has(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_month_ends_do_not_drift() -> None:
    due = [Schedule(4, 1).due_on(date(2024, 1, 31), number) for number in range(1, 5)]
    assert due == [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]


def test_a_schedule_may_ask_for_visits_every_second_month() -> None:
    assert Schedule(2, 2).due_on(date(2023, 11, 22), 2) == date(2024, 3, 22)


def test_a_new_plan_tells_all_dates() -> None:
    plan = plan_of()
    assert plan.state is PlanState.ACTIVE
    assert [visit.due_on for visit in plan.visits] == [add_months(HANDED_OVER_ON, n) for n in range(1, 7)]
    assert plan.version == 1


def test_recording_sets_the_outcome_and_tells_it() -> None:
    plan = plan_of()
    fact = plan.record_visit(2, outcome(), When(date(2023, 12, 1)), "mentor", NOW, baseline_rupiah=500_000)
    visit = plan.visit(2)
    assert fact == OutcomeMeasured(2, When(date(2023, 12, 1)), visit.id, 2, outcome())
    assert (visit.recorded_by, visit.occurred_on, plan.baseline_income_rupiah) == ("mentor", date(2023, 12, 1), 500_000)
    assert [each.number for each in plan.open_visits] == [1, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("number", "occurred_on", "baseline_rupiah", "error"),
    [
        (7, date(2024, 1, 1), None, e.VisitNotPlanned),
        (0, date(2024, 1, 1), None, e.VisitNotPlanned),
        (3, date(2024, 1, 1), None, e.VisitAlreadyRecorded),
        (1, date(2023, 11, 21), None, e.VisitBeforeHandover),
        (2, date(2024, 2, 23), None, e.VisitOutOfOrder),
        (4, date(2024, 2, 21), None, e.VisitOutOfOrder),
        (4, date(2024, 3, 1), 1, e.BaselineAlreadyRecorded),
    ],
)
def test_visits_that_are_refused(
    number: int, occurred_on: date, baseline_rupiah: int | None, error: type[Refusal]
) -> None:
    plan = plan_of()
    plan.record_visit(3, outcome(), When(date(2024, 2, 22)), "mentor", NOW, baseline_rupiah=500_000)
    with pytest.raises(error):
        plan.record_visit(number, outcome(), When(occurred_on), "mentor", NOW, baseline_rupiah)
    assert plan.version == 2, "a refusal changes nothing"
    assert len(plan.recorded_visits) == 1


def test_the_same_baseline_again_is_no_contradiction() -> None:
    plan = plan_of()
    for number in (1, 2):
        plan.record_visit(number, outcome(), When(date(2024, 1, 1)), "mentor", NOW, baseline_rupiah=500_000)
    assert plan.baseline_income_rupiah == 500_000


@pytest.mark.parametrize(
    ("holds", "state"),
    [
        ([], PlanState.ACTIVE),
        ([Hold.HANDOVER_VOIDED], PlanState.SUSPENDED),
        ([Hold.GRANT_CANCELLED], PlanState.STOPPED),
        ([Hold.DECEASED], PlanState.STOPPED),
        ([Hold.HANDOVER_VOIDED, Hold.MOVED_AWAY], PlanState.STOPPED),
    ],
)
def test_what_holds_a_plan_gives_its_state(holds: list[Hold], state: PlanState) -> None:
    plan = plan_of()
    told = [plan.hold(hold, When(date(2024, 1, 1))) for hold in holds]
    assert plan.state is state
    assert [fact.reason for fact in told if fact] == [hold.value for hold in holds]


def test_each_reason_is_told_once() -> None:
    plan = plan_of()
    assert plan.hold(Hold.DECEASED, When(date(2024, 1, 1))) is not None
    assert plan.hold(Hold.DECEASED, When(date(2024, 1, 2))) is None
    assert (plan.version, plan.ended_on) == (2, date(2024, 1, 1))


def test_a_replacement_after_a_death_leaves_the_day_of_the_death() -> None:
    plan = plan_of()
    plan.hold(Hold.HANDOVER_VOIDED, When(date(2023, 12, 1)))
    plan.hold(Hold.DECEASED, When(date(2024, 3, 1)))
    assert plan.ended_on == date(2023, 12, 1)
    plan.hand_over_again(Handover(new_id(), date(2023, 12, 3), None), When(date(2023, 12, 3)))
    assert (plan.state, plan.ended_on) == (PlanState.STOPPED, date(2024, 3, 1))


def test_who_moved_away_and_then_died_is_gone_since_the_move() -> None:
    plan = plan_of()
    plan.hold(Hold.MOVED_AWAY, When(date(2024, 1, 1)))
    plan.hold(Hold.DECEASED, When(date(2024, 3, 1)))
    assert plan.holds == {Hold.DECEASED: date(2024, 1, 1)}


def test_visits_before_the_end_may_still_be_entered_later_ones_not() -> None:
    plan = plan_of()
    plan.hold(Hold.MOVED_AWAY, When(date(2024, 1, 1)))
    plan.record_visit(1, outcome(), When(date(2023, 12, 31)), "mentor", NOW)
    with pytest.raises(e.MentoringEnded):
        plan.record_visit(2, outcome(), When(date(2024, 1, 2)), "mentor", NOW)


def test_a_replacement_goes_on_with_the_visits_not_yet_made() -> None:
    plan = plan_of()
    plan.record_visit(1, outcome(), When(date(2023, 12, 20)), "mentor", NOW)
    plan.visit(2).announced_at = NOW
    plan.hold(Hold.HANDOVER_VOIDED, When(date(2024, 1, 25)))
    fact = plan.hand_over_again(Handover(new_id(), date(2024, 1, 31), None), When(date(2024, 1, 31)))
    assert isinstance(fact, MentoringPlanned)
    assert (plan.state, plan.ended_on) == (PlanState.ACTIVE, None)
    assert fact.visit_dates[:3] == (date(2023, 12, 22), date(2024, 3, 31), date(2024, 4, 30))
    assert plan.visit(2).announced_at is None, "the new date is announced again"


def test_the_same_handover_again_changes_nothing() -> None:
    plan = plan_of()
    assert plan.hand_over_again(plan.handover, When(HANDED_OVER_ON)) is None
    assert plan.version == 1


def test_a_replacement_for_a_dead_recipient_stays_stopped() -> None:
    plan = plan_of()
    plan.hold(Hold.HANDOVER_VOIDED, When(date(2024, 1, 1)))
    plan.hold(Hold.DECEASED, When(date(2024, 1, 2)))
    assert plan.hand_over_again(Handover(new_id(), date(2024, 1, 5), None), When(date(2024, 1, 5))) is None
    assert plan.state is PlanState.STOPPED


def test_a_death_recorded_by_mistake_is_taken_back() -> None:
    plan = plan_of()
    assert plan.person_is_active(When(date(2024, 1, 1))) is None
    plan.hold(Hold.DECEASED, When(date(2024, 1, 1)))
    assert isinstance(plan.person_is_active(When(date(2024, 1, 3))), MentoringPlanned)
    assert plan.state is PlanState.ACTIVE


def test_an_extension_adds_visits_at_the_same_interval() -> None:
    plan = plan_of()
    fact = plan.extend([new_id(), new_id()], When(date(2024, 6, 1)))
    assert fact.visit_dates[-1] == add_months(HANDED_OVER_ON, 8)
    assert plan.schedule == Schedule(8, 1)
    plan.hold(Hold.GRANT_CANCELLED, When(date(2024, 6, 2)))
    with pytest.raises(e.MentoringEnded):
        plan.extend([new_id()], When(date(2024, 6, 3)))


def test_a_plan_carries_sixty_visits_at_most() -> None:
    with pytest.raises(e.ScheduleOutOfRange):
        plan_of(60).extend([new_id()], When(date(2024, 6, 1)))


def test_a_visit_is_announced_once_and_not_after_its_record() -> None:
    plan = plan_of()
    first, second = plan.visits[:2]
    assert plan.announce(first, NOW, None) == VisitDue(2, When(first.due_on), 1, first.due_on)
    assert plan.announce(first, NOW, None) is None
    plan.record_visit(2, outcome(), When(date(2024, 1, 22)), "mentor", NOW)
    assert plan.announce(second, NOW, None) is None
    plan.hold(Hold.HANDOVER_VOIDED, When(date(2024, 2, 1)))
    assert plan.announce(plan.visit(3), NOW, None) is None


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2023, 12, 21), VisitState.PLANNED),
        (date(2023, 12, 22), VisitState.DUE),
        (date(2023, 12, 29), VisitState.DUE),
        (date(2023, 12, 30), VisitState.OVERDUE),
    ],
)
def test_a_visit_is_overdue_after_a_week(today: date, state: VisitState) -> None:
    assert plan_of().visit(1).state_on(today) is state


def test_a_correction_tells_the_outcome_as_it_stands() -> None:
    plan = plan_of()
    plan.record_visit(1, outcome(), When(date(2023, 12, 22)), "mentor", NOW)
    fact = plan.correct_visit(plan.visit(1), date(2023, 12, 23), outcome(1), None, [VisitField.OCCURRED_ON])
    assert isinstance(fact, VisitCorrected)
    assert fact.when == When(date(2023, 12, 23), "correction")
    assert plan.visit(1).outcome == outcome(1)


def test_a_mended_baseline_is_not_told() -> None:
    plan = plan_of()
    plan.record_visit(1, outcome(), When(date(2023, 12, 22)), "mentor", NOW, baseline_rupiah=1)
    fact = plan.correct_visit(plan.visit(1), date(2023, 12, 22), outcome(), 2, [VisitField.BASELINE_INCOME])
    assert fact is None
    assert (plan.baseline_income_rupiah, plan.version) == (2, 2)
