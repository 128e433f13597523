"""Proposals are collected, returned and proposed anew: what comes back is weighed, and nothing stands in two."""

from uuid import UUID

import pytest

from chassis.auth import Role
from contracts.disbursement import AllocationReleasedV1, ProposalReturnedV1
from contracts.registry import PersonStatus
from tests.disbursement.builders import (
    PRICE_RUPIAH,
    assistance,
    corrected,
    ok,
    on,
    refused,
)
from tests.disbursement.world import World


async def test_a_returned_proposal_frees_its_grants_to_be_proposed_again(world: World) -> None:
    await world.confirmed(3)
    proposal = await world.propose()
    body = on("2023-11-15", version=proposal["version"], reason="incomplete")
    ok(await world.verifikator.post(f"/proposals/{proposal['id']}/return", json=body))
    await world.service.run_jobs()
    assert {grant["state"] for grant in await world.grants()} == {"confirmed"}
    told = await world.service.published(ProposalReturnedV1)
    assert [(each.data.reason, str(each.data.proposal_id)) for each in told] == [("incomplete", proposal["id"])] * 3
    again = await world.propose()
    assert again["lines_count"] == 3
    one = (await world.grants())[0]
    line = {"grant_id": one["id"], "reason": "data_not_verified"}
    body = on("2023-11-15", version=again["version"], lines=[line])
    ok(await world.verifikator.post(f"/proposals/{again['id']}/lines/return", json=body))
    assert ok(await world.petugas.get(f"/grants/{one['id']}"))["state"] == "confirmed"
    assert (await world.proposal(again["id"]))["lines_count"] == 2
    assert (await world.service.published(ProposalReturnedV1))[-1].data.reason == "data_not_verified"


async def test_what_was_heard_meanwhile_counts_when_lines_come_back(world: World) -> None:
    one, other, third = await world.confirmed(3)
    proposal = await world.propose()
    await world.service.deliver(corrected(UUID(one), status=PersonStatus.DECEASED), sequence=2)
    line = {"grant_id": (await world.grants(person_id=one))[0]["id"], "reason": "data_not_verified"}
    body = on("2023-11-15", version=proposal["version"], lines=[line])
    ok(await world.verifikator.post(f"/proposals/{proposal['id']}/lines/return", json=body))
    assert (await world.grants(person_id=one))[0]["ended_reason"] == "deceased"
    await world.service.deliver(assistance(UUID(other)))
    proposal = await world.proposal(proposal["id"])
    body = on("2023-11-15", version=proposal["version"], reason="incomplete")
    ok(await world.verifikator.post(f"/proposals/{proposal['id']}/return", json=body))
    await world.service.run_jobs()
    assert (await world.grants(person_id=other))[0]["ended_reason"] == "double_aid"
    assert (await world.grants(person_id=third))[0]["state"] == "confirmed"
    reasons = [told.data.reason for told in await world.service.published(AllocationReleasedV1)]
    assert reasons == ["deceased", "double_aid"]
    assert (await world.balances())["reserved"] == PRICE_RUPIAH


async def test_a_proposal_without_lines_is_returned(world: World) -> None:
    (one,) = await world.confirmed(1)
    body = on("2023-11-14", programme_id=str(world.programme_id))
    created = ok(await world.petugas.post("/proposals", json=body))
    await world.service.deliver(corrected(UUID(one), status=PersonStatus.DECEASED), sequence=2)
    await world.service.run_jobs()
    proposal = await world.proposal(created["id"])
    assert (proposal["state"], proposal["return_reason"]) == ("returned", "no_lines_left")
    check = on("2023-11-15", version=proposal["version"])
    path = f"/proposals/{proposal['id']}/check"
    refused(await world.verifikator.post(path, json=check), 409, "proposal-not-in-state")


async def test_a_proposal_whose_collecting_ended_can_be_returned(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.jobs.CHUNK_LIMIT", 2)
    await world.confirmed(3)
    proposal = await world.begin_proposing()
    returned = on("2023-11-15", version=proposal["version"], reason="incomplete")
    path = f"/proposals/{proposal['id']}/return"
    refused(await world.verifikator.post(path, json=returned), 409, "proposal-not-in-state")
    ok(await world.petugas.post(f"/jobs/{proposal['job_id']}/cancel"))
    ok(await world.verifikator.post(path, json=returned))
    await world.service.run_jobs()
    assert {grant["state"] for grant in await world.grants()} == {"confirmed"}
    # Taken up again after all, it finds the proposal returned and leaves the grants alone.
    ok(await world.service.as_(Role.OPERATOR).post(f"/jobs/{proposal['job_id']}/retry"))
    await world.service.run_jobs()
    assert {grant["state"] for grant in await world.grants()} == {"confirmed"}
    assert (await world.propose())["lines_count"] == 3


async def test_nobody_proposes_anew_while_a_proposal_is_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.jobs.CHUNK_LIMIT", 2)
    await world.confirmed(3)
    proposal = await world.propose()
    returned = on("2023-11-15", version=proposal["version"], reason="incomplete")
    ok(await world.verifikator.post(f"/proposals/{proposal['id']}/return", json=returned))
    proposal = await world.proposal(proposal["id"])
    assert proposal["state"] == "returned"
    refused(await world.petugas.post(f"/jobs/{proposal['job_id']}/cancel"), 409, "job-not-cancellable")
    await world.run_chunk()
    assert sorted(grant["state"] for grant in await world.grants()) == ["confirmed", "confirmed", "proposed"]
    again = on("2023-11-15", programme_id=str(world.programme_id))
    refused(await world.petugas.post("/proposals", json=again), 409, "proposal-being-collected")
    await world.service.run_jobs()
    job = ok(await world.petugas.get(f"/jobs/{proposal['job_id']}"))
    assert (job["total"], job["done"]) == (3, 3)
    assert (await world.propose())["lines_count"] == 3


async def test_nothing_is_given_back_while_another_proposal_collects(world: World) -> None:
    first, second = await world.confirmed(2)
    proposal = await world.propose()
    line = {"grant_id": (await world.grants(person_id=first))[0]["id"], "reason": "data_not_verified"}
    path = f"/proposals/{proposal['id']}"
    ok(await world.verifikator.post(f"{path}/lines/return", json=on("2023-11-15", version=2, lines=[line])))
    collecting = ok(await world.petugas.post("/proposals", json=on("2023-11-15", programme_id=str(world.programme_id))))
    returned = on("2023-11-15", version=3, reason="incomplete")
    refused(await world.verifikator.post(f"{path}/return", json=returned), 409, "proposal-being-collected")
    await world.service.run_jobs()
    ok(await world.verifikator.post(f"{path}/return", json=returned))
    await world.service.run_jobs()
    assert (await world.proposal(collecting["id"]))["lines_count"] == 1
    assert [(await world.grants(person_id=each))[0]["state"] for each in (first, second)] == ["proposed", "confirmed"]


async def test_a_returning_job_that_failed_blocks_nobody_and_is_retried(world: World) -> None:
    await world.confirmed(1)
    proposal = await world.propose()
    ok(await world.verifikator.post(
        f"/proposals/{proposal['id']}/return", json=on("2023-11-15", version=proposal["version"], reason="incomplete")
    ))  # fmt: skip
    job_id = (await world.proposal(proposal["id"]))["job_id"]
    await world.service.execute("UPDATE job SET state = 'failed' WHERE id = :id", id=job_id)
    again = on("2023-11-15", programme_id=str(world.programme_id))
    refused(await world.petugas.post("/proposals", json=again), 409, "nothing-to-propose")
    ok(await world.service.as_(Role.OPERATOR).post(f"/jobs/{job_id}/retry"))
    await world.service.run_jobs()
    assert (await world.propose())["lines_count"] == 1


async def test_what_a_proposal_does_not_hold_waits_for_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "services.disbursement.usecases.propose_grants"
    monkeypatch.setattr(f"{module}.LINES_LIMIT", 3)
    monkeypatch.setattr("chassis.jobs.CHUNK_LIMIT", 2)
    await world.confirmed(4)
    assert (await world.propose())["lines_count"] == 3
    assert sorted(grant["state"] for grant in await world.grants()) == ["confirmed", "proposed", "proposed", "proposed"]
    assert (await world.propose())["lines_count"] == 1


async def test_a_collecting_job_goes_on_where_it_was_cancelled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.jobs.CHUNK_LIMIT", 2)
    await world.confirmed(3)
    begun = await world.begin_proposing()
    job_id = begun["job_id"]
    ok(await world.petugas.post(f"/jobs/{job_id}/cancel"))
    ok(await world.service.as_(Role.OPERATOR).post(f"/jobs/{job_id}/retry"))
    await world.service.run_jobs()
    proposal = await world.proposal(begun["id"])
    assert (proposal["state"], proposal["lines_count"]) == ("submitted", 3)
