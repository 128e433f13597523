"""What follow-up hears of grants and people, and what its timers tell."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from chassis.auth import Role
from chassis.ids import new_id
from contracts.disbursement import AidHandedOverV1
from contracts.envelope import case_id
from contracts.followup import MentoringPlannedV1, MentoringStoppedV1, PlanEndReason, VisitDueV1
from contracts.registry import PersonStatus
from services.followup.domain.schedule import add_months
from tests.followup.builders import (
    HANDED_OVER_ON,
    OTHER_VILLAGE,
    VILLAGE,
    Field,
    cancelled,
    get,
    handed_over,
    person_corrected,
    post,
    replaced,
    today,
    visit_body,
    voided,
)
from tests.support.service import ServiceUnderTest


@pytest.fixture
def field(followup: ServiceUnderTest) -> Field:
    return Field(followup)


async def test_a_handover_plans_six_monthly_visits(field: Field) -> None:
    fact, case = handed_over(), new_id()
    await field.service.deliver(fact, case=case)
    (told,) = await field.service.published()
    assert told.data == MentoringPlannedV1(
        occurred_on=HANDED_OVER_ON,
        late_entry_reason=fact.late_entry_reason,
        agency="dinsos",
        plan_id=told.data.plan_id,
        grant_id=fact.grant_id,
        person_id=fact.person_id,
        family_id=fact.family_id,
        programme_id=fact.programme_id,
        region_code=VILLAGE,
        visit_dates=tuple(add_months(HANDED_OVER_ON, number) for number in range(1, 7)),
    )
    assert (told.case, told.sequence) == (case, 1)
    plan = await get(field.officer, f"/plans/{told.data.plan_id}")
    assert (plan["state"], len(plan["visits"])) == ("active", 6)
    assert plan["shortfalls"] == ["too_few_visits", "no_baseline"]


async def test_the_same_handover_twice_is_one_plan(field: Field) -> None:
    fact, event_id = handed_over(), new_id()
    await field.service.deliver(fact, fact, event_id=event_id)
    await field.service.deliver(fact, event_id=event_id)
    await field.service.deliver(fact)
    assert len(await field.service.published()) == 1
    assert len(await field.plans_of(fact.person_id)) == 1


async def test_a_batch_of_handovers_makes_a_plan_each(field: Field) -> None:
    await field.service.deliver(*(handed_over() for _ in range(300)))
    assert len(await field.service.published(MentoringPlannedV1)) == 300
    row = await field.service.fetch_one("SELECT count(*) FROM timer WHERE state = 'waiting'")
    assert row is not None
    assert row[0] == 1800


async def test_a_package_may_have_a_schedule_of_its_own(field: Field) -> None:
    administrator = field.service.as_("administrator")  # type: ignore[arg-type]
    schedule = {"package_code": "paket-kambing", "visits_count": 3, "interval_months": 2}
    await post(administrator, "/schedules", schedule)
    plan_id, _ = await field.planned(package_code="paket-kambing")
    visits = (await get(field.officer, f"/plans/{plan_id}"))["visits"]
    assert [visit["due_on"] for visit in visits] == ["2024-01-22", "2024-03-22", "2024-05-22"]
    other, _ = await field.planned()
    assert len((await get(field.officer, f"/plans/{other}"))["visits"]) == 6


async def test_days_already_past_are_announced_at_once_with_their_own_date(field: Field) -> None:
    await field.planned()
    await field.service.run_timers()
    told = await field.service.published(VisitDueV1)
    assert [event.data.visit_number for event in told] == [1, 2, 3, 4, 5, 6]
    assert all(event.data.occurred_on == event.data.due_on for event in told)
    assert [event.sequence for event in told] == [2, 3, 4, 5, 6, 7]


async def test_a_day_to_come_waits_for_its_start_in_the_zone_of_the_region(field: Field) -> None:
    await field.planned(occurred_on=today(), late_entry_reason=None)
    await field.service.run_timers()
    assert await field.service.published(VisitDueV1) == []
    row = await field.service.fetch_one("SELECT min(due_at) AT TIME ZONE 'Asia/Jakarta' FROM timer")
    assert row is not None
    assert (row[0].date(), row[0].hour) == (add_months(today(), 1), 0)


async def test_a_visit_recorded_early_is_not_announced(field: Field) -> None:
    plan_id, _ = await field.planned()
    await post(field.mentor, "/visits", visit_body(plan_id, 1))
    await field.service.run_timers()
    told = await field.service.published(VisitDueV1)
    assert [event.data.visit_number for event in told] == [2, 3, 4, 5, 6]


async def test_a_void_suspends_and_a_replacement_goes_on_with_the_same_plan(field: Field) -> None:
    plan_id, fact = await field.planned()
    await field.service.deliver(voided(fact))
    assert (await get(field.officer, f"/plans/{plan_id}"))["state"] == "suspended"
    await field.service.run_timers()
    assert await field.service.published(VisitDueV1) == []
    (stopped,) = await field.service.published(MentoringStoppedV1)
    assert stopped.data.reason is PlanEndReason.HANDOVER_VOIDED

    await field.service.deliver(replaced(fact, date(2023, 11, 30)))
    (plan,) = await field.plans_of(fact.person_id)
    assert (plan["plan_id"], plan["state"]) == (plan_id, "active")
    assert [visit["due_on"] for visit in plan["visits"]][:3] == ["2023-12-30", "2024-01-30", "2024-02-29"]
    planned = await field.service.published(MentoringPlannedV1)
    assert [event.sequence for event in planned] == [1, 3]
    await field.service.run_timers()
    assert len(await field.service.published(VisitDueV1)) == 6


async def test_a_replacement_on_the_same_day_sets_the_timers_again(field: Field) -> None:
    _, fact = await field.planned()
    await field.service.deliver(voided(fact))
    await field.service.deliver(replaced(fact, HANDED_OVER_ON))
    await field.service.run_timers()
    assert len(await field.service.published(VisitDueV1)) == 6


async def test_a_void_of_a_bast_already_replaced_changes_nothing(field: Field) -> None:
    plan_id, fact = await field.planned()
    await field.service.deliver(voided(fact))
    await field.service.deliver(replaced(fact))
    await field.service.deliver(voided(fact))
    assert (await get(field.officer, f"/plans/{plan_id}"))["state"] == "active"


async def test_a_cancelled_grant_stops_mentoring(field: Field) -> None:
    plan_id, fact = await field.planned()
    await field.service.deliver(cancelled(fact))
    (stopped,) = await field.service.published(MentoringStoppedV1)
    assert stopped.data.reason is PlanEndReason.GRANT_CANCELLED
    assert (await get(field.officer, f"/plans/{plan_id}"))["state"] == "stopped"
    row = await field.service.fetch_one("SELECT count(*) FROM timer WHERE state = 'waiting'")
    assert row is not None
    assert row[0] == 0


async def test_a_grant_cancelled_before_its_handover_has_no_plan(field: Field) -> None:
    await field.service.deliver(cancelled(handed_over()))
    assert await field.service.published() == []


@pytest.mark.parametrize("status", [PersonStatus.DECEASED, PersonStatus.MOVED_AWAY])
async def test_a_death_or_move_stops_mentoring_and_its_correction_goes_on(field: Field, status: PersonStatus) -> None:
    plan_id, fact = await field.planned()
    await field.service.deliver(person_corrected(fact.person_id, status), sequence=4)
    (stopped,) = await field.service.published(MentoringStoppedV1)
    assert stopped.data.reason.value == status.value
    assert stopped.case == case_id(fact.programme_id, fact.person_id)
    await field.service.deliver(person_corrected(fact.person_id, PersonStatus.ACTIVE), sequence=5)
    assert (await get(field.officer, f"/plans/{plan_id}"))["state"] == "active"
    await field.service.run_timers()
    assert len(await field.service.published(VisitDueV1)) == 6


async def test_a_death_heard_before_the_handover_counts(field: Field) -> None:
    fact = handed_over()
    await field.service.deliver(person_corrected(fact.person_id, PersonStatus.DECEASED), sequence=7)
    await field.service.deliver(fact)
    told = await field.service.published()
    assert [type(event.data) for event in told] == [MentoringPlannedV1, MentoringStoppedV1]
    await field.service.run_timers()
    assert len(await field.service.published()) == 2


async def test_an_older_status_does_not_undo_a_newer_one(field: Field) -> None:
    plan_id, fact = await field.planned()
    await field.service.deliver(person_corrected(fact.person_id, PersonStatus.DECEASED), sequence=9)
    await field.service.deliver(person_corrected(fact.person_id, PersonStatus.ACTIVE), sequence=8)
    assert (await get(field.officer, f"/plans/{plan_id}"))["state"] == "stopped"


async def test_further_visits_are_planned_and_announced(field: Field) -> None:
    plan_id, _ = await field.planned(occurred_on=today() - timedelta(days=400))
    body = {"further_visits": 2, "occurred_on": today().isoformat()}
    await post(field.mentor, f"/plans/{plan_id}/extension", body)
    planned = await field.service.published(MentoringPlannedV1)
    assert len(planned[-1].data.visit_dates) == 8
    await field.service.run_timers()
    assert len(await field.service.published(VisitDueV1)) == 8


async def test_a_visit_whose_timer_fired_into_a_void_is_announced_after_the_replacement(field: Field) -> None:
    plan_id, fact = await field.planned()
    async with field.service.service.database.transaction() as tx:
        await tx.execute(text("SELECT 1 FROM mentoring_plan WHERE id = :id FOR UPDATE"), {"id": plan_id})
        void = asyncio.create_task(field.service.deliver(voided(fact)))
        await _waiting(field, 1)
        firing = asyncio.create_task(field.service.run_timers())
        await _waiting(field, 2)
    await asyncio.gather(void, firing)
    assert await field.service.published(VisitDueV1) == []
    states = await field.service.fetch_all("SELECT DISTINCT state FROM timer")
    assert [row.state for row in states] == ["fired"], "the void could not cancel what was firing"
    await field.service.deliver(replaced(fact, HANDED_OVER_ON))
    await field.service.run_timers()
    assert [one.data.visit_number for one in await field.service.published(VisitDueV1)] == [1, 2, 3, 4, 5, 6]


async def test_a_corrected_village_takes_the_plan_and_all_that_belongs_to_it_along(field: Field) -> None:
    plan_id = await field.empowered()
    await field.graduation(plan_id)
    await field.corrected(plan_id, 1, monthly_turnover_rupiah=1_900_000)
    (person_id,) = [row.person_id for row in await field.service.fetch_all("SELECT person_id FROM mentoring_plan")]
    await field.service.deliver(person_corrected(person_id, PersonStatus.ACTIVE, region_code=OTHER_VILLAGE), sequence=3)
    tables = ("mentoring_plan", "visit", "visit_correction", "empowerment", "graduation")
    for table in tables:
        rows = await field.service.fetch_all(f"SELECT DISTINCT region_code FROM {table}")
        assert [row.region_code for row in rows] == [OTHER_VILLAGE], table
    there = field.service.as_(Role.PENDAMPING, region=OTHER_VILLAGE)
    assert (await get(there, f"/plans/{plan_id}"))["region_code"] == OTHER_VILLAGE
    left = field.service.as_(Role.PENDAMPING, region=VILLAGE)
    assert (await left.get(f"/plans/{plan_id}")).status_code == 404
    await field.service.deliver(person_corrected(person_id, PersonStatus.ACTIVE), sequence=2)
    assert (await get(there, f"/plans/{plan_id}"))["region_code"] == OTHER_VILLAGE, "an older word"
    await field.service.deliver(
        person_corrected(person_id, PersonStatus.MOVED_AWAY, region_code="33.29.01"), sequence=4
    )
    assert (await get(there, f"/plans/{plan_id}"))["state"] == "stopped"


async def test_a_village_corrected_before_the_handover_counts(field: Field) -> None:
    fact = handed_over()
    await field.service.deliver(person_corrected(fact.person_id, PersonStatus.ACTIVE, region_code=OTHER_VILLAGE))
    await field.service.deliver(fact)
    (plan,) = await field.plans_of(fact.person_id)
    assert plan["region_code"] == OTHER_VILLAGE


async def test_a_batch_is_written_in_a_few_statements(field: Field) -> None:
    facts = [handed_over() for _ in range(20)]
    first = await _statements(field, facts[:1])
    assert await _statements(field, facts[1:]) == first
    await field.service.deliver(*(voided(fact) for fact in facts))
    again = [replaced(fact) for fact in facts]
    # Of a plan that goes on, only its timers are cancelled one by one.
    assert await _statements(field, again[1:]) == await _statements(field, again[:1]) + 18


async def _statements(field: Field, facts: list[AidHandedOverV1]) -> int:
    engine = field.service.service.database.engine.sync_engine
    run: list[str] = []

    def note(*arguments: Any) -> None:
        run.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        await field.service.deliver(*facts)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(run)


async def _waiting(field: Field, count: int) -> None:
    """Until so many transactions wait for a lock."""
    waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    for _ in range(200):
        row = await field.service.fetch_one(f"{waiting} AND datname = current_database()")
        if row is not None and row.n >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")
