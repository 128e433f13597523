"""Proposal, check, decree and amendment: three people, no blocked line, nothing lost."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from chassis.auth import Role
from contracts.disbursement import AidDecidedV1, AllocationReleasedV1, GrantCancelledV1
from contracts.registry import PersonStatus
from services.disbursement.store.programmes import load_programme
from tests.disbursement.builders import (
    DECREE_ON,
    PRICE_RUPIAH,
    assistance,
    corrected,
    ok,
    on,
    people,
    refused,
    registered,
)
from tests.disbursement.world import World


async def test_conditional_grants_are_not_proposed(world: World) -> None:
    await world.known(*people(1))
    await world.allocate()
    body = on("2023-11-14", programme_id=str(world.programme_id))
    refused(await world.petugas.post("/proposals", json=body), 409, "nothing-to-propose")


async def test_four_eyes_and_the_version_seen(world: World) -> None:
    await world.confirmed(1)
    proposal = await world.propose()
    path = f"/proposals/{proposal['id']}"
    assert (proposal["state"], proposal["lines_count"]) == ("submitted", 1)
    both = world.service.as_(Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, subject="petugas-1")
    checked = on("2023-11-15", version=proposal["version"])
    refused(await both.post(f"{path}/check", json=checked), 409, "same-person")
    refused(await world.verifikator.post(f"{path}/check", json=on("2023-11-15", version=1)), 409, "proposal-stale")
    refused(await world.petugas.post(f"{path}/check", json=checked), 403, "not-allowed")
    proposal = await world.check(proposal)
    decree = on(
        DECREE_ON, proposal_id=proposal["id"], version=proposal["version"], number="460/2023", annex_reference="I"
    )
    for subject in ("petugas-1", "verifikator-1"):
        officer = world.service.as_(Role.PENETAP, subject=subject)
        refused(await officer.post("/decrees", json=decree), 409, "same-person")
    decree_id = await world.sign(proposal)
    found = ok(await world.petugas.get(f"/decrees/{decree_id}"))
    assert (found["in_force"], found["lines_count"], found["number"]) == (True, 1, "460/2023")
    assert found["penetap"].endswith("#penetap-1")


async def test_the_database_refuses_two_roles_in_one_person(world: World) -> None:
    await world.confirmed(1)
    proposal = await world.propose()
    for column in ("checker", "penetap"):
        with pytest.raises(IntegrityError):
            await world.service.execute(
                f"UPDATE proposal SET {column} = maker WHERE id = CAST(:id AS uuid)", id=proposal["id"]
            )


async def test_double_aid_found_at_check_blocks_the_line_until_it_is_returned(world: World) -> None:
    stays, doubled = await world.confirmed(2)
    proposal = await world.propose()
    path = f"/proposals/{proposal['id']}"
    found = (await world.grants(person_id=doubled))[0]
    await world.service.deliver(assistance(found["person_id"]))
    assert (await world.grants(person_id=doubled))[0]["state"] == "proposed"
    check = on("2023-11-15", version=proposal["version"])
    problem = refused(await world.verifikator.post(f"{path}/check", json=check), 409, "lines-blocked")
    assert problem["facts"]["blocked"] == [found["id"]]
    lines = {line["person_id"]: line for line in ok(await world.verifikator.get(f"{path}/lines"))["items"]}
    assert [lines[each]["blocked"] for each in (stays, doubled)] == [False, True]
    returned = {"grant_id": found["id"], "reason": "double_aid"}
    body = on("2023-11-15", version=proposal["version"], lines=[returned])
    ok(await world.verifikator.post(f"{path}/lines/return", json=body))
    (released,) = await world.service.published(AllocationReleasedV1)
    assert released.data.reason == "double_aid"
    proposal = await world.check(await world.proposal(proposal["id"]))
    await world.sign(proposal)
    assert len(await world.service.published(AidDecidedV1)) == 1
    assert (await world.balances())["committed"] == PRICE_RUPIAH


async def test_double_aid_between_check_and_decree_stops_the_decree(world: World) -> None:
    (one,) = await world.confirmed(1)
    proposal = await world.check(await world.propose())
    await world.service.deliver(assistance((await world.grants())[0]["person_id"]))
    decree = on(
        DECREE_ON, proposal_id=proposal["id"], version=proposal["version"], number="460/2023", annex_reference="I"
    )
    refused(await world.penetap.post("/decrees", json=decree), 409, "lines-blocked")
    assert (await world.grants(person_id=one))[0]["state"] == "proposed"


async def test_no_act_on_a_proposal_is_dated_before_the_last_one(world: World) -> None:
    await world.confirmed(1)
    proposal = await world.propose()
    early = on("2023-11-13", version=proposal["version"])
    path = f"/proposals/{proposal['id']}/check"
    refused(await world.verifikator.post(path, json=early), 422, "dated-before-previous-act")
    proposal = await world.check(proposal, "2023-11-16")
    signed = {"proposal_id": proposal["id"], "version": proposal["version"], "number": "1", "annex_reference": "I"}
    refused(await world.penetap.post("/decrees", json=on("2023-11-15", **signed)), 422, "dated-before-previous-act")
    ok(await world.penetap.post("/decrees", json=on("2023-11-16", **signed)))


async def test_a_signed_decree_comes_into_force_and_is_not_cancelled(world: World) -> None:
    await world.confirmed(1)
    proposal = await world.check(await world.propose())
    signed = {"proposal_id": proposal["id"], "version": proposal["version"], "number": "1", "annex_reference": "I"}
    decree = ok(await world.penetap.post("/decrees", json=on(DECREE_ON, **signed)))
    job_id = ok(await world.petugas.get(f"/decrees/{decree['id']}"))["job_id"]
    refused(await world.petugas.post(f"/jobs/{job_id}/cancel"), 409, "job-not-cancellable")
    await world.service.run_jobs()
    assert ok(await world.petugas.get(f"/decrees/{decree['id']}"))["in_force"]


async def test_a_signature_waits_for_nobody_who_works_in_the_programme(world: World) -> None:
    await world.confirmed(1)
    proposal = await world.check(await world.propose())
    signed = {"proposal_id": proposal["id"], "version": proposal["version"], "number": "1", "annex_reference": "I"}
    async with world.service.service.database.transaction() as tx:
        await load_programme(tx, world.programme_id, for_update=True)
        ok(await asyncio.wait_for(world.penetap.post("/decrees", json=on(DECREE_ON, **signed)), 5))


async def test_a_decree_number_is_used_once(world: World) -> None:
    await world.decided(*people(1))
    await world.confirmed(1)
    proposal = await world.check(await world.propose())
    decree = on(
        DECREE_ON, proposal_id=proposal["id"], version=proposal["version"], number="460/2023", annex_reference="I"
    )
    refused(await world.penetap.post("/decrees", json=decree), 409, "decree-number-taken")


async def test_proposal_and_decree_go_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("chassis.jobs.CHUNK_LIMIT", "services.disbursement.usecases.find_blocked_lines.ALIKE_LIMIT"):
        monkeypatch.setattr(limit, 4)
    await world.decided(*people(9))
    assert {grant["state"] for grant in await world.grants()} == {"decided"}
    assert len(await world.service.published(AidDecidedV1)) == 9


async def test_every_blocked_line_is_found_among_those_alike(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.disbursement.usecases.find_blocked_lines.ALIKE_LIMIT", 4)
    ids = [UUID(each) for each in await world.confirmed(9)]
    proposal = await world.propose()
    blocked = joining, other, doubled, again, dead = ids[0], ids[5], ids[2], ids[6], ids[8]
    await world.service.deliver(corrected(joining, family_id=other), sequence=2)
    await world.service.deliver(assistance(doubled), assistance(again))
    await world.service.deliver(corrected(dead, status=PersonStatus.DECEASED), sequence=2)
    check = on("2023-11-15", version=proposal["version"])
    problem = refused(
        await world.verifikator.post(f"/proposals/{proposal['id']}/check", json=check), 409, "lines-blocked"
    )
    wanted = sorted([(await world.grant_of(each))["id"] for each in blocked])
    assert (problem["facts"]["blocked_count"], problem["facts"]["blocked"]) == (5, wanted)


async def test_deceased_after_the_decree_is_replaced_by_amending_decree(world: World) -> None:
    gone, stays, widow = people(3)
    decree_id = await world.decided(gone, stays)
    await world.service.deliver(registered(widow, family_id=gone))
    await world.reserve(widow)
    await world.service.deliver(corrected(gone, status=PersonStatus.DECEASED), sequence=2)
    grant = await world.grant_of(gone)
    assert grant["state"] == "decided"
    line = {"grant_id": grant["id"], "reason": "deceased", "substitute_person_id": str(widow)}
    body = on("2023-11-20", decree_id=str(decree_id), lines=[line])
    amendment = await world.proposal(ok(await world.petugas.post("/amendments", json=body))["id"])
    check = on("2023-11-20", version=amendment["version"])
    path = f"/proposals/{amendment['id']}/check"
    refused(await world.verifikator.post(path, json=check), 409, "lines-blocked")
    await world.service.deliver(world.enrolled(widow))
    await world.service.deliver(world.completed(widow), sequence=2)
    await world.sign(await world.check(amendment, "2023-11-20"), "461/2023", "2023-11-21")
    (cancelled,) = await world.service.published(GrantCancelledV1)
    assert (cancelled.data.person_id, cancelled.data.reason) == (gone, "deceased")
    decided = (await world.service.published(AidDecidedV1))[-1].data
    assert (decided.person_id, decided.amends_decree, decided.decree_number) == (widow, True, "461/2023")
    substitute = await world.grant_of(widow)
    assert (substitute["state"], substitute["replaces_grant_id"]) == ("decided", grant["id"])
    assert (await world.balances())["committed"] == 2 * PRICE_RUPIAH


async def test_an_amendment_takes_substitutes_from_the_reserve_list_only(world: World) -> None:
    gone, stranger = people(2)
    decree_id = await world.decided(gone)
    grant = await world.grant_of(gone)
    line = {"grant_id": grant["id"], "reason": "moved_away", "substitute_person_id": str(stranger)}
    body = on("2023-11-20", decree_id=str(decree_id), lines=[line])
    refused(await world.petugas.post("/amendments", json=body), 422, "not-on-reserve-list")
