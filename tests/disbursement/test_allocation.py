"""Allocation: who gets one, in any order of facts, never more than the budget, and how it ends."""

import asyncio
from datetime import date
from typing import Any

import pytest

from chassis.ids import new_id
from contracts.disbursement import AidAllocatedV1, AllocationConfirmedV1, AllocationReleasedV1, ProgrammeOpenedV1
from contracts.registry import PersonStatus
from services.disbursement.domain.programme import BudgetTooSmall
from services.disbursement.store.programmes import take_budget
from services.disbursement.usecases.allocate_eligible import JOB
from tests.disbursement.builders import (
    PRICE_RUPIAH,
    assistance,
    corrected,
    ok,
    on,
    people,
    programme,
    refused,
    registered,
)
from tests.disbursement.world import World
from tests.support.service import ServiceUnderTest


async def test_opened_programme_is_told_and_its_prices_add_up(world: World) -> None:
    (told,) = await world.service.published(ProgrammeOpenedV1)
    assert {package.course_code for package in told.data.packages} == {"tata-boga", "menjahit"}
    refused(await world.petugas.post("/programmes", json=programme()), 409, "programme-exists")
    other = programme(code="tegal-uep-2024")
    other["packages"][0]["unit_price_rupiah"] += 1
    refused(await world.petugas.post("/programmes", json=other), 422, "package-price-differs")


async def test_facts_in_any_order(world: World) -> None:
    early, late = people(2)
    await world.service.deliver(world.enrolled(early), world.enrolled(late))
    await world.service.deliver(world.completed(late), sequence=2)
    await world.allocate()
    assert await world.grants() == []
    path = f"/programmes/{world.programme_id}/candidates"
    waiting = ok(await world.petugas.get(path))["items"]
    assert [item["waiting_for"] for item in sorted(waiting, key=lambda item: item["person_id"])] == [
        ["registry.person_registered", "training.course_completed"],
        ["registry.person_registered"],
    ]
    assert waiting[0]["waiting_since"]
    await world.service.deliver(registered(early), registered(late))
    # An older word that comes late must not win.
    await world.service.deliver(world.enrolled(late), sequence=1)
    await world.allocate()
    assert {grant["state"] for grant in await world.grants(person_id=str(late))} == {"confirmed"}
    assert {grant["waiting_for"] for grant in await world.grants(person_id=str(early))} == {"training.course_completed"}
    assert ok(await world.petugas.get(path))["items"] == []


async def test_not_everybody_is_eligible(world: World) -> None:
    cases: dict[str, dict[str, Any]] = {"decile": {"decile": 5}, "region": {"region_code": "33.29.01.2001"}}
    cases["person_active"] = {"status": PersonStatus.DECEASED}
    ids = dict(zip(cases, people(3), strict=True))
    await world.service.deliver(*(registered(ids[name], **changed) for name, changed in cases.items()))
    await world.service.deliver(*(world.enrolled(each) for each in ids.values()))
    await world.allocate()
    assert await world.grants() == []
    for criterion, person_id in ids.items():
        query = {"programme_id": str(world.programme_id), "person_id": str(person_id)}
        explained = ok(await world.petugas.get("/eligibility", params=query))
        assert [item["criterion"] for item in explained["criteria"] if item["verdict"] == "not_met"] == [criterion]
        assert not explained["eligible_conditionally"]


async def test_one_package_per_family(world: World) -> None:
    one, other = people(2)
    await world.service.deliver(registered(one), registered(other, family_id=one))
    await world.service.deliver(world.enrolled(one), world.enrolled(other, "menjahit"))
    await world.allocate()
    await world.allocate()
    assert len(await world.grants()) == 1
    # A correction that joins two families with a grant each ends one of them.
    third, fourth = people(2)
    await world.known(third, fourth)
    await world.allocate()
    await world.service.deliver(corrected(fourth, family_id=third), sequence=2)
    assert (await world.grant_of(fourth))["ended_reason"] == "no_longer_eligible"
    assert (await world.grant_of(third))["state"] == "conditional"


async def test_completion_confirms_and_its_lack_releases(world: World) -> None:
    done, short = people(2)
    await world.known(done, short)
    await world.allocate()
    await world.service.deliver(world.completed(done), sequence=2)
    await world.service.deliver(world.not_completed(short), sequence=2)
    assert (await world.grant_of(done))["state"] == "confirmed"
    released = await world.grant_of(short)
    assert (released["state"], released["ended_reason"]) == ("released", "course_not_completed")
    assert (await world.balances())["reserved"] == PRICE_RUPIAH
    (confirmed,) = await world.service.published(AllocationConfirmedV1)
    assert confirmed.data.person_id == done


async def test_corrected_attendance_turns_both_ways_before_the_proposal(world: World) -> None:
    up, down = people(2)
    await world.known(up, down)
    await world.allocate()
    await world.service.deliver(world.not_completed(up), sequence=2)
    await world.service.deliver(world.completed(down), sequence=2)
    await world.service.deliver(world.completed(up), sequence=3)
    await world.service.deliver(world.not_completed(down), sequence=3)
    states = [grant["state"] for grant in await world.grants(person_id=str(up))]
    assert states == ["released", "confirmed"]
    assert (await world.grant_of(down))["state"] == "released"
    again = (await world.service.published(AidAllocatedV1))[-1]
    assert (again.data.person_id, again.data.conditional) == (up, False)
    assert (await world.balances())["reserved"] == PRICE_RUPIAH


async def test_double_aid_stops_an_allocation_also_through_a_family_member(world: World) -> None:
    before, after, relative, elsewhere = people(4)
    await world.service.deliver(assistance(before), assistance(elsewhere, year=2022))
    await world.known(before, after, elsewhere)
    await world.service.deliver(registered(relative, family_id=after))
    await world.allocate()
    assert await world.grants(person_id=str(before)) == []
    await world.service.deliver(assistance(relative))
    assert (await world.grant_of(after))["ended_reason"] == "double_aid"
    assert (await world.grant_of(elsewhere))["state"] == "conditional"
    (released,) = await world.service.published(AllocationReleasedV1)
    assert released.data.reason == "double_aid"
    # The aid was given before the allocation: the release is not dated before what it releases.
    assert released.data.occurred_on == date(2023, 10, 20)


async def test_deceased_before_the_proposal_is_released(world: World) -> None:
    (one,) = people(1)
    await world.known(one)
    await world.allocate()
    await world.service.deliver(corrected(one, status=PersonStatus.DECEASED), sequence=2)
    assert (await world.grant_of(one))["ended_reason"] == "deceased"


async def test_reserve_list_takes_freed_places_in_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves, given, first, second = people(4)
    await world.known(leaves)
    await world.service.deliver(registered(given), registered(first), registered(second))
    await world.reserve(given, first, second)
    await world.reserve(second)
    await world.allocate()
    await world.service.deliver(assistance(given))
    grant = await world.grant_of(leaves)
    path = f"/grants/{grant['id']}/substitute"
    refused(await world.petugas.post(path, json=on("2023-11-10")), 409, "grant-not-in-state")
    await world.service.deliver(world.not_completed(leaves), sequence=2)
    monkeypatch.setattr("services.disbursement.usecases.substitute_grant.CANDIDATES_AT_ONCE", 1)
    substitute = ok(await world.petugas.post(path, json=on("2023-11-10")))["id"]
    found = ok(await world.petugas.get(f"/grants/{substitute}"))
    assert (found["person_id"], found["state"]) == (str(first), "conditional")
    assert (found["from_reserve_list"], found["waiting_for"]) == (True, "training.enrolled")
    refused(await world.petugas.post(path, json=on("2023-11-10")), 409, "place-already-taken")
    await world.service.deliver(world.enrolled(first))
    await world.service.deliver(assistance(first))
    stopped = ok(await world.petugas.get(f"/grants/{substitute}"))
    assert (stopped["state"], stopped["ended_reason"]) == ("released", "double_aid")
    again = ok(await world.petugas.post(f"/grants/{substitute}/substitute", json=on("2023-11-11")))["id"]
    assert (await world.grant_of(second))["id"] == again
    listed = ok(await world.petugas.get(f"/programmes/{world.programme_id}/reserve-candidates"))["items"]
    assert [item["position"] for item in listed] == [1, 2, 3]
    assert [bool(item["grant_id"]) for item in listed] == [False, True, True]


async def test_the_budget_is_never_overspent(disbursement: ServiceUnderTest) -> None:
    world = await World.make(disbursement, budget_rupiah=3 * PRICE_RUPIAH)

    async def take() -> bool:
        async with disbursement.service.database.transaction() as tx:
            try:
                await take_budget(tx, world.programme_id, PRICE_RUPIAH)
            except BudgetTooSmall:
                return False
        return True

    taken = await asyncio.gather(*(take() for _ in range(8)))
    assert sum(taken) == 3


async def test_parallel_allocations_stop_at_the_budget(disbursement: ServiceUnderTest) -> None:
    world = await World.make(disbursement, budget_rupiah=3 * PRICE_RUPIAH)
    poor, *others = people(8)
    await world.known(poor, *others)
    await world.service.deliver(corrected(poor, decile=1), sequence=2)
    for _ in range(4):
        ok(await world.petugas.post(f"/programmes/{world.programme_id}/allocations", json=on("2023-10-20")))
    await asyncio.gather(*(disbursement.service.jobs.run_next(disbursement.service.database, 100) for _ in range(4)))
    await disbursement.run_jobs()
    grants = await world.grants()
    assert len(grants) == 3
    assert str(poor) in {grant["person_id"] for grant in grants}
    assert (await world.balances())["available"] == 0
    path = f"/programmes/{world.programme_id}/budget-additions"
    ok(await world.petugas.post(path, json=on("2023-10-21", amount_rupiah=PRICE_RUPIAH, document_number="DPPA/1")))
    await world.allocate()
    assert len(await world.grants()) == 4
    assert (await world.balances())["budget"] == -4 * PRICE_RUPIAH


async def test_a_large_allocation_goes_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.jobs.CHUNK_LIMIT", 7)
    ids = people(20)
    await world.known(*ids)
    waiting = [ids[9], ids[2], ids[15]]
    await world.reserve(*waiting)
    ok(await world.petugas.post(f"/programmes/{world.programme_id}/allocations", json=on("2023-10-20")))
    await world.run_chunk()
    progress = "SELECT done, failed, total, state FROM job WHERE kind = :kind"
    assert await world.service.fetch_one(progress, kind=JOB) == (7, 0, 20, "running")
    await world.service.run_jobs()
    grants = sorted(await world.grants(), key=lambda grant: grant["id"])
    in_turn = [each for each in ids if each not in waiting]
    assert [grant["person_id"] for grant in grants] == [str(each) for each in [*in_turn, *waiting]]
    assert await world.service.fetch_one(progress, kind=JOB) == (20, 0, 20, "done")


async def test_the_same_event_twice_has_one_effect(world: World) -> None:
    (one,) = people(1)
    await world.known(one)
    await world.allocate()
    event_id = new_id()
    for _ in range(2):
        await world.service.deliver(world.completed(one), sequence=2, event_id=event_id)
    assert len(await world.service.published(AllocationConfirmedV1)) == 1
