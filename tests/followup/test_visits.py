"""Recording visits, one by one and by list, and seeing who is next."""

from datetime import date, timedelta

import pytest

from chassis.ids import new_id
from contracts.envelope import LateEntryReason
from contracts.followup import AssetState, OutcomeMeasuredV1
from tests.followup.builders import (
    NOW_IS_LATE,
    Field,
    get,
    handed_over,
    post,
    refusal,
    today,
    visit_body,
    voided,
)
from tests.support.service import ServiceUnderTest

NOTE = "Ibu Sari pindah rumah ke belakang pasar"


@pytest.fixture
def field(followup: ServiceUnderTest) -> Field:
    return Field(followup)


async def test_a_visit_is_recorded_and_told_without_its_note(field: Field) -> None:
    plan_id, fact = await field.planned()
    visit_id = (await post(field.mentor, "/visits", visit_body(plan_id, 1, note=NOTE)))["id"]
    (told,) = await field.service.published(OutcomeMeasuredV1)
    assert told.data.visit_number == 1
    assert str(told.data.visit_id) == visit_id
    assert told.data.occurred_on == date(2023, 12, 22)
    assert told.data.late_entry_reason is LateEntryReason.HISTORICAL_DATA
    assert (told.data.monthly_turnover_rupiah, told.data.monthly_income_rupiah) == (2_000_000, 1_000_000)
    assert (told.data.family_working_hours, told.data.asset_state) == (42, AssetState.KEPT)
    assert NOTE not in told.data.model_dump_json()
    plan = await get(field.officer, f"/plans/{plan_id}")
    assert plan["baseline_income_rupiah"] == 800_000
    visit = plan["visits"][0]
    assert (visit["state"], visit["has_note"]) == ("recorded", True)
    row = await field.service.fetch_one("SELECT note_sealed FROM visit WHERE note_sealed IS NOT NULL")
    assert row is not None
    assert NOTE.encode() not in bytes(row.note_sealed)
    assert (await get(field.officer, f"/visits/{visit_id}/note"))["note"] == NOTE
    trail = await field.service.fetch_one("SELECT actor, person_ids FROM access_record")
    assert trail is not None
    assert trail.person_ids == [fact.person_id]


async def test_each_number_once_also_by_another_mentor(field: Field) -> None:
    plan_id, _ = await field.planned()
    await post(field.mentor, "/visits", visit_body(plan_id, 1))
    assert await refusal(field.mentor, "/visits", visit_body(plan_id, 1)) == "409 visit-already-recorded"
    assert len(await field.service.published(OutcomeMeasuredV1)) == 1


async def test_the_same_request_again_answers_the_same(field: Field) -> None:
    plan_id, _ = await field.planned()
    answers = [
        await field.mentor.post("/visits", json=visit_body(plan_id, 1), headers={"Idempotency-Key": "k1"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(await field.service.published(OutcomeMeasuredV1)) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"visit_number": 7}, "422 visit-not-planned"),
        ({"occurred_on": "2023-11-21"}, "422 visit-before-handover"),
        ({"occurred_on": "2999-01-01"}, "422 date-in-future"),
        ({"late_entry_reason": None}, "422 late-entry-needs-reason"),
        ({"plan_id": str(new_id())}, "404 plan-not-found"),
    ],
)
async def test_visits_that_are_refused(field: Field, changes: dict[str, object], expected: str) -> None:
    plan_id, _ = await field.planned()
    assert await refusal(field.mentor, "/visits", visit_body(plan_id, 1) | changes) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"monthly_income_rupiah": -1},
        {"monthly_income_rupiah": 1.5},
        {"monthly_turnover_rupiah": "2000000"},
        {"family_working_hours": 5041},
        {"asset_state": "eaten"},
        {"note": ""},
        {"name": "Sari"},
    ],
)
async def test_figures_that_make_no_sense_are_refused(field: Field, changes: dict[str, object]) -> None:
    plan_id, _ = await field.planned()
    response = await field.mentor.post("/visits", json=visit_body(plan_id, 1) | changes)
    assert response.status_code == 422
    assert "Sari" not in response.text


async def test_no_visit_to_a_suspended_family(field: Field) -> None:
    plan_id, fact = await field.planned()
    await field.service.deliver(voided(fact))
    assert await refusal(field.mentor, "/visits", visit_body(plan_id, 1)) == "409 mentoring-ended"


async def test_a_list_records_what_it_can(field: Field) -> None:
    first, _ = await field.planned()
    second, _ = await field.planned()
    unknown = str(new_id())
    visits = [
        visit_body(second, 1),
        visit_body(first, 1),
        visit_body(first, 1),
        visit_body(unknown, 1),
        visit_body(first, 2, late_entry_reason=None),
        visit_body(first, 2, occurred_on="2023-12-01"),
    ]
    list_id = (await post(field.mentor, "/visit-lists", {"visits": visits}))["id"]
    answer = await get(field.officer, f"/visit-lists/{list_id}")
    assert (answer["recorded_count"], answer["refused_count"]) == (2, 4)
    assert [(row["plan_id"], row["refusal"]) for row in answer["rows"]] == [
        (second, None),
        (first, None),
        (first, "visit-already-recorded"),
        (unknown, "plan-not-found"),
        (first, "late-entry-needs-reason"),
        (first, "visit-out-of-order"),
    ]
    assert len(await field.service.published(OutcomeMeasuredV1)) == 2


async def test_who_is_next_by_page(field: Field) -> None:
    facts = [handed_over(occurred_on=today() - timedelta(days=40 + days), late_entry_reason=None) for days in range(3)]
    await field.service.deliver(*facts)
    numbers, after = [], ""
    while True:
        page = await get(field.mentor, f"/visits/next?limit=2{after}")
        numbers += [(visit["due_on"], visit["visit_number"]) for visit in page["items"]]
        assert len(page["items"]) <= 2
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(numbers) == 3
    assert numbers == sorted(numbers)
    planned = await get(field.mentor, "/visits/next?state=planned&limit=200")
    assert len(planned["items"]) == 15
    due = await get(field.mentor, "/visits/next?state=due")
    overdue = await get(field.mentor, "/visits/next?state=overdue")
    assert len(due["items"]) + len(overdue["items"]) == 3


async def test_recorded_visits_and_resting_plans_are_not_next(field: Field) -> None:
    plan_id, _ = await field.planned()
    _, resting = await field.planned()
    await field.service.deliver(voided(resting))
    await field.visited(plan_id, 2)
    page = await get(field.mentor, "/visits/next")
    assert [(visit["plan_id"], visit["visit_number"], visit["state"]) for visit in page["items"]] == [
        (plan_id, number, "overdue") for number in (3, 4, 5, 6)
    ]


async def test_a_correction_needs_a_second_officer(field: Field) -> None:
    plan_id, _ = await field.planned()
    await field.visited(plan_id, 1)
    visit_id = (await get(field.officer, f"/plans/{plan_id}"))["visits"][0]["visit_id"]
    body = {"visit_id": visit_id, "reason": "typing_error", "monthly_income_rupiah": 900_000}
    both = field.service.as_("petugas", "verifikator", subject="both")  # type: ignore[arg-type]
    correction = (await post(both, "/visit-corrections", body))["id"]
    assert await refusal(field.officer, "/visit-corrections", body) == "409 correction-open"
    approve = f"/visit-corrections/{correction}/approve"
    assert await refusal(both, approve, {"version": 1}) == "409 same-person"
    assert await refusal(field.verifier, approve, {"version": 2}) == "409 stale-version"
    assert (await get(field.officer, f"/plans/{plan_id}"))["visits"][0]["monthly_income_rupiah"] == 1_000_000
    await post(field.verifier, approve, {"version": 1})
    assert (await get(field.officer, f"/plans/{plan_id}"))["visits"][0]["monthly_income_rupiah"] == 900_000
    assert await refusal(field.verifier, approve, {"version": 2}) == "409 correction-closed"
    (kept,) = (await get(field.officer, f"/visit-corrections?visit_id={visit_id}"))["items"]
    assert (kept["old"]["monthly_income_rupiah"], kept["new"]["monthly_income_rupiah"]) == (1_000_000, 900_000)
    assert (kept["state"], kept["reason"]) == ("approved", "typing_error")
    assert kept["maker"].endswith("#both")
    assert kept["checker"].endswith("#verifikator-1")


async def test_a_rejected_correction_changes_nothing(field: Field) -> None:
    plan_id, _ = await field.planned()
    await field.visited(plan_id, 1)
    visit_id = (await get(field.officer, f"/plans/{plan_id}"))["visits"][0]["visit_id"]
    body = {"visit_id": visit_id, "reason": "recounted", "visit_occurred_on": "2023-12-23"}
    correction = (await post(field.officer, "/visit-corrections", body))["id"]
    await post(field.verifier, f"/visit-corrections/{correction}/reject", {"version": 1})
    assert (await get(field.officer, f"/plans/{plan_id}"))["visits"][0]["occurred_on"] == "2023-12-22"


@pytest.mark.parametrize(
    ("number", "changes", "expected"),
    [
        (1, {}, "422 nothing-changed"),
        (1, {"monthly_income_rupiah": 1_000_000}, "422 nothing-changed"),
        (1, {"visit_occurred_on": "2999-01-01"}, "422 visit-date-in-future"),
        (2, {"monthly_income_rupiah": 1}, "409 visit-not-recorded"),
    ],
)
async def test_corrections_that_are_refused(
    field: Field, number: int, changes: dict[str, object], expected: str
) -> None:
    plan_id, _ = await field.planned()
    await field.visited(plan_id, 1)
    visit_id = (await get(field.officer, f"/plans/{plan_id}"))["visits"][number - 1]["visit_id"]
    body = {"visit_id": visit_id, "reason": "typing_error"} | changes
    assert await refusal(field.officer, "/visit-corrections", body) == expected


async def test_the_database_itself_refuses_one_pair_of_eyes(field: Field) -> None:
    plan_id, _ = await field.planned()
    await field.visited(plan_id, 6)
    with pytest.raises(Exception, match="empowerment_four_eyes"):
        await field.service.fetch_all("UPDATE empowerment SET state = 'confirmed', checker = maker RETURNING id")


async def test_rules_get_versions(field: Field) -> None:
    administrator = field.service.as_("administrator")  # type: ignore[arg-type]
    rule = {
        "valid_from": "2024-05-22",
        "visits_min": 7,
        "income_visits_count": 3,
        "income_of_baseline_percent": 130,
        "income_min_rupiah": 700_000,
        "refused_asset_states": ["lost", "sold", "damaged"],
        "answer_days": 14,
    }
    await post(administrator, "/empowerment-rules", rule)
    response = await field.officer.get("/empowerment-rules")
    assert [each["version"] for each in response.json()] == [1, 2]
    plan_id, _ = await field.planned()
    await field.visited(plan_id)
    plan = await get(field.officer, f"/plans/{plan_id}")
    assert plan["empowerment"] is None, "the sixth visit lies on the first day of version 2"
    assert (plan["rule_version"], plan["shortfalls"]) == (2, ["too_few_visits", "income_not_grown"])


async def test_extension_of_a_stopped_plan_is_refused(field: Field) -> None:
    plan_id, fact = await field.planned()
    await field.service.deliver(voided(fact))
    body = {"further_visits": 1, "occurred_on": "2024-06-01"} | NOW_IS_LATE
    assert await refusal(field.mentor, f"/plans/{plan_id}/extension", body) == "409 mentoring-ended"
