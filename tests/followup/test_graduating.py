"""From candidate to empowered to graduated, and every way back."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from chassis.ids import new_id
from contracts.envelope import case_id
from contracts.followup import (
    EmpoweredV1,
    GraduatedV1,
    GraduationProposedV1,
    GraduationRefusedV1,
    GraduationUnansweredV1,
    GraduationWithdrawnV1,
    VisitCorrectedV1,
    VisitField,
    WithdrawalReason,
)
from contracts.registry import AssistanceScheme
from tests.followup.builders import (
    NOW_IS_LATE,
    VILLAGE,
    Field,
    ended,
    get,
    post,
    refusal,
    refused,
    restored,
    visit_body,
)
from tests.support.service import ServiceUnderTest

PKH = AssistanceScheme.PKH


@pytest.fixture
def field(followup: ServiceUnderTest) -> Field:
    return Field(followup)


async def state_of(field: Field, graduation_id: UUID) -> tuple[str, str | None]:
    answer = await get(field.officer, f"/graduations/{graduation_id}")
    return answer["state"], answer["waiting_for"]


async def test_six_good_visits_make_a_candidate_and_a_verifier_confirms(field: Field) -> None:
    plan_id, fact = await field.planned()
    await field.visited(plan_id, 5)
    assert (await get(field.officer, f"/plans/{plan_id}"))["empowerment"] is None
    await post(field.mentor, "/visits", visit_body(plan_id, 6))
    (candidate,) = (await get(field.verifier, "/empowerments?state=candidate"))["items"]
    assert candidate["maker"].endswith("#pendamping-1")
    await field.confirm(plan_id)
    (told,) = await field.service.published(EmpoweredV1)
    assert (told.data.rule_version, told.data.person_id) == (1, fact.person_id)
    assert told.case == case_id(fact.programme_id, fact.person_id)
    (confirmed,) = (await get(field.verifier, "/empowerments?state=confirmed"))["items"]
    assert confirmed["checker"].endswith("#verifikator-1")


async def test_the_mentor_of_the_last_visit_cannot_confirm(field: Field) -> None:
    both = field.service.as_("pendamping", "verifikator", subject="both")  # type: ignore[arg-type]
    plan_id, _ = await field.planned()
    await field.visited(plan_id, 5)
    await post(both, "/visits", visit_body(plan_id, 6))
    candidate = (await get(both, f"/plans/{plan_id}"))["empowerment"]["empowerment_id"]
    body = {"version": 1, "occurred_on": "2024-06-01"} | NOW_IS_LATE
    assert await refusal(both, f"/empowerments/{candidate}/confirm", body) == "409 same-person"
    assert await refusal(field.verifier, f"/empowerments/{candidate}/confirm", body | {"version": 9}) == (
        "409 stale-version"
    )


async def test_a_returned_candidate_may_come_again_with_the_next_visit(field: Field) -> None:
    plan_id, _ = await field.planned()
    await field.visited(plan_id)
    candidate = (await get(field.officer, f"/plans/{plan_id}"))["empowerment"]["empowerment_id"]
    body = {"version": 1, "reason": "asset_not_seen"}
    await post(field.verifier, f"/empowerments/{candidate}/return", body)
    assert (await get(field.officer, f"/plans/{plan_id}"))["empowerment"] is None
    extension = {"further_visits": 1, "occurred_on": "2024-06-01"} | NOW_IS_LATE
    await post(field.mentor, f"/plans/{plan_id}/extension", extension)
    await post(field.mentor, "/visits", visit_body(plan_id, 7))
    assert (await get(field.officer, f"/plans/{plan_id}"))["empowerment"]["state"] == "candidate"


async def test_a_candidate_lapses_when_corrected_figures_fail(field: Field) -> None:
    plan_id, _ = await field.planned()
    await field.visited(plan_id)
    await field.corrected(plan_id, 6, monthly_income_rupiah=900_000)
    assert (await get(field.officer, f"/plans/{plan_id}"))["empowerment"] is None
    (lapsed,) = (await get(field.officer, "/empowerments?state=lapsed"))["items"]
    assert lapsed["plan_id"] == plan_id
    (told,) = await field.service.published(VisitCorrectedV1)
    assert told.data.changed_fields == (VisitField.INCOME,)
    assert told.data.monthly_income_rupiah == 900_000


async def test_a_proposal_is_ended_by_the_owner(field: Field) -> None:
    plan_id = await field.empowered()
    graduation_id = await field.graduation(plan_id)
    (proposed,) = await field.service.published(GraduationProposedV1)
    today = proposed.data.answer_due_on - timedelta(days=30)
    assert (proposed.data.visits_count, proposed.data.region_code) == (6, VILLAGE)
    assert await state_of(field, graduation_id) == ("proposed", "answer")
    await field.service.deliver(ended(graduation_id, PKH))
    (graduated,) = await field.service.published(GraduatedV1)
    assert graduated.data.graduation_id == graduation_id
    assert graduated.sequence > proposed.sequence
    assert await state_of(field, graduation_id) == ("graduated", None)
    row = await field.service.fetch_one("SELECT due_at FROM timer WHERE kind = 'graduation_answer_due'")
    assert row is not None
    assert row.due_at.astimezone(ZoneInfo("Asia/Jakarta")).date() == today + timedelta(days=31)
    body = {"plan_id": plan_id, "occurred_on": "2024-07-15"} | NOW_IS_LATE
    assert await refusal(field.officer, "/graduations", body) == "409 already-graduated"


async def test_only_an_empowered_family_is_proposed_and_only_once(field: Field) -> None:
    plan_id, _ = await field.planned()
    body = {"plan_id": plan_id, "occurred_on": "2024-06-15"} | NOW_IS_LATE
    assert await refusal(field.officer, "/graduations", body) == "409 not-empowered"
    await field.visited(plan_id)
    assert await refusal(field.officer, "/graduations", body) == "409 not-empowered"
    await field.confirm(plan_id)
    await field.graduation(plan_id)
    assert await refusal(field.officer, "/graduations", body) == "409 graduation-open"


async def test_after_a_refusal_mentoring_goes_on_and_it_may_be_proposed_again(field: Field) -> None:
    plan_id = await field.empowered()
    first = await field.graduation(plan_id)
    await field.service.deliver(refused(first))
    assert len(await field.service.published(GraduationRefusedV1)) == 1
    plan = await get(field.officer, f"/plans/{plan_id}")
    assert (plan["state"], plan["graduations"][0]["state"]) == ("active", "refused")
    second = await field.graduation(plan_id)
    await field.service.deliver(ended(second, PKH))
    assert await state_of(field, second) == ("graduated", None)


async def test_no_answer_is_told_once_and_the_proposal_stays_open(field: Field) -> None:
    graduation_id = await field.graduation(await field.empowered())
    await field.service.fetch_all(
        "UPDATE timer SET due_at = clock_timestamp() WHERE kind = 'graduation_answer_due' RETURNING id"
    )
    await field.service.run_timers()
    (unanswered,) = await field.service.published(GraduationUnansweredV1)
    assert unanswered.data.occurred_on == unanswered.data.answer_due_on
    assert await state_of(field, graduation_id) == ("unanswered", "answer")
    await field.service.deliver(ended(graduation_id))
    assert await state_of(field, graduation_id) == ("graduated", None)


async def test_a_deadline_after_the_answer_says_nothing(field: Field) -> None:
    graduation_id = await field.graduation(await field.empowered())
    await field.service.deliver(ended(graduation_id, PKH))
    await field.service.fetch_all("UPDATE timer SET due_at = clock_timestamp() WHERE state = 'waiting' RETURNING id")
    await field.service.run_timers()
    assert await field.service.published(GraduationUnansweredV1) == []


async def test_an_answer_to_a_withdrawn_proposal_is_kept_and_waits_for_restoration(field: Field) -> None:
    graduation_id = await field.graduation(await field.empowered())
    await field.withdraw(graduation_id)
    (withdrawn,) = await field.service.published(GraduationWithdrawnV1)
    assert withdrawn.data.reason is WithdrawalReason.HOUSEHOLD_SHOCK
    await field.service.deliver(ended(graduation_id, PKH))
    assert await state_of(field, graduation_id) == ("withdrawn", "restoration")
    assert await field.service.published(GraduatedV1) == []
    await field.service.deliver(restored(graduation_id))
    assert await state_of(field, graduation_id) == ("restored", None)
    answers = (await get(field.officer, f"/graduations/{graduation_id}"))["answers"]
    assert [(answer["kind"], answer["state_before"]) for answer in answers] == [
        ("ended", "withdrawn"),
        ("restored", "withdrawn"),
    ]


async def test_a_completed_graduation_is_withdrawn_restored_and_proposed_again(field: Field) -> None:
    plan_id = await field.empowered()
    graduation_id = await field.graduation(plan_id)
    await field.service.deliver(ended(graduation_id, PKH))
    await field.withdraw(graduation_id, "proposed_in_error")
    assert await state_of(field, graduation_id) == ("withdrawn", "restoration")
    await field.service.deliver(restored(graduation_id))
    assert await state_of(field, graduation_id) == ("restored", None)
    assert await state_of(field, await field.graduation(plan_id)) == ("proposed", "answer")


async def test_a_withdrawal_names_the_version_it_saw(field: Field) -> None:
    graduation_id = await field.graduation(await field.empowered())
    await field.service.deliver(refused(graduation_id))
    body = {"version": 1, "reason": "household_shock", "occurred_on": "2024-06-20"} | NOW_IS_LATE
    path = f"/graduations/{graduation_id}/withdraw"
    assert await refusal(field.officer, path, body) == "409 stale-version"
    assert await refusal(field.officer, path, body | {"version": 2}) == "409 graduation-closed"


async def test_an_answer_to_an_unknown_graduation_is_kept(field: Field) -> None:
    await field.service.deliver(ended(new_id(), PKH), refused(new_id()))
    rows = await field.service.fetch_all("SELECT state_before FROM graduation_answer")
    assert [row.state_before for row in rows] == [None, None]
    assert await field.service.published() == []


async def test_corrected_figures_put_an_empowered_family_in_doubt_and_flag_its_proposal(field: Field) -> None:
    plan_id = await field.empowered()
    graduation_id = await field.graduation(plan_id)
    await field.corrected(plan_id, 5, monthly_income_rupiah=100_000)
    plan = await get(field.officer, f"/plans/{plan_id}")
    assert (plan["empowerment"]["state"], plan["empowerment"]["in_doubt"]) == ("confirmed", True)
    (flagged,) = (await get(field.officer, "/graduations?flagged=true"))["items"]
    assert flagged["graduation_id"] == str(graduation_id)
    await field.withdraw(graduation_id, "outcome_corrected")
    body = {"plan_id": plan_id, "occurred_on": "2024-06-30"} | NOW_IS_LATE
    assert await refusal(field.officer, "/graduations", body) == "409 empowerment-in-doubt"
    await field.corrected(plan_id, 5, monthly_income_rupiah=1_000_000)
    await field.graduation(plan_id)


async def test_a_corrected_baseline_is_judged_but_not_told(field: Field) -> None:
    plan_id = await field.empowered()
    graduation_id = await field.graduation(plan_id)
    await field.corrected(plan_id, 1, baseline_income_rupiah=900_000)
    assert (await get(field.officer, f"/graduations/{graduation_id}"))["flagged"] is True
    assert await field.service.published(VisitCorrectedV1) == []
    await field.corrected(plan_id, 1, baseline_income_rupiah=800_000)
    assert (await get(field.officer, f"/graduations/{graduation_id}"))["flagged"] is False


async def test_the_summary_counts_everything_of_a_programme(field: Field) -> None:
    plan_id = await field.empowered()
    await field.graduation(plan_id)
    other, fact = await field.planned()
    await field.visited(other, 2)
    programme_id = (await get(field.officer, f"/plans/{plan_id}"))["programme_id"]
    assert await get(field.officer, f"/summary?programme_id={programme_id}") == {
        "plans": {"active": 1},
        "visits": {"recorded": 6, "due": 0, "overdue": 0, "planned": 0},
        "empowerments": {"confirmed": 1},
        "empowered_in_doubt": 0,
        "graduations": {"proposed": 1},
        "graduations_flagged": 0,
    }
    of_programme = await get(field.officer, f"/summary?programme_id={fact.programme_id}")
    assert of_programme["visits"] == {"recorded": 2, "due": 0, "overdue": 4, "planned": 0}
    assert of_programme["graduations"] == {}
