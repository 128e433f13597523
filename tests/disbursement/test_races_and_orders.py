"""Facts heard while an allocation runs, and facts in every order: the end is the same."""

import asyncio
from datetime import date
from uuid import UUID

from chassis.ids import new_id
from chassis.jobs import Job
from contracts.disbursement import AidAllocatedV1
from contracts.envelope import Fact
from contracts.registry import PersonStatus
from services.disbursement.domain.facts import Occasion
from services.disbursement.usecases.allocate_eligible import JOB, allocate_chunk, job_occasion
from services.disbursement.usecases.substitute_grant import SubstituteGrant, substitute_grant
from tests.disbursement.builders import PRICE_RUPIAH, assistance, corrected, ok, on, people, registered
from tests.disbursement.world import World
from tests.support.service import ServiceUnderTest


async def heard_during_a_chunk(world: World, fact: Fact) -> None:
    """An allocation's chunk is held open before its commit while the fact is heard."""
    occasion = job_occasion(Occasion("officer", date(2023, 10, 20)))
    job = Job(new_id(), JOB, {"programme_id": str(world.programme_id), **occasion}, None, 0, 0, 2_000)
    async with world.service.service.database.transaction() as tx:
        step = await allocate_chunk(tx, job)
        assert step.done == 1
        hearing = asyncio.create_task(world.service.deliver(fact, sequence=2))
        await asyncio.wait({hearing}, timeout=1)
        assert not hearing.done()
    await hearing


async def test_a_completion_heard_during_a_chunk_confirms(world: World) -> None:
    (one,) = people(1)
    await world.known(one)
    await heard_during_a_chunk(world, world.completed(one))
    assert (await world.grant_of(one))["state"] == "confirmed"


async def test_a_death_heard_during_a_chunk_releases(world: World) -> None:
    (one,) = people(1)
    await world.known(one)
    await heard_during_a_chunk(world, corrected(one, status=PersonStatus.DECEASED))
    assert (await world.grant_of(one))["ended_reason"] == "deceased"
    assert (await world.balances())["reserved"] == 0


async def test_a_relatives_aid_heard_during_a_chunk_releases(world: World) -> None:
    one, relative = people(2)
    await world.service.deliver(registered(relative, family_id=one))
    await world.known(one)
    await heard_during_a_chunk(world, assistance(relative))
    assert (await world.grant_of(one))["ended_reason"] == "double_aid"


async def test_a_death_heard_during_a_substitution_releases(world: World) -> None:
    leaves, substitute = people(2)
    await world.known(leaves)
    await world.allocate()
    await world.service.deliver(registered(substitute))
    await world.reserve(substitute)
    await world.service.deliver(world.not_completed(leaves), sequence=2)
    freed = UUID((await world.grant_of(leaves))["id"])
    async with world.service.service.database.transaction() as tx:
        await substitute_grant(tx, freed, SubstituteGrant.model_validate(on("2023-11-10")))
        gone = corrected(substitute, status=PersonStatus.DECEASED)
        hearing = asyncio.create_task(world.service.deliver(gone, sequence=2))
        await asyncio.wait({hearing}, timeout=1)
    await hearing
    assert (await world.grant_of(substitute))["ended_reason"] == "deceased"


async def test_of_two_families_joined_in_one_batch_the_older_grant_stays(world: World) -> None:
    older, younger, gone, heir = people(4)
    await world.known(older, younger, gone, heir)
    await world.allocate()
    joined, other = new_id(), new_id()
    await world.service.deliver(
        corrected(older, family_id=joined),
        corrected(younger, family_id=joined),
        corrected(gone, family_id=other, status=PersonStatus.DECEASED),
        corrected(heir, family_id=other),
        sequence=2,
    )
    assert (await world.grant_of(older))["state"] == "conditional"
    assert (await world.grant_of(younger))["ended_reason"] == "no_longer_eligible"
    # Of the other family the older grant ends with its holder: the younger one is not one too many.
    assert (await world.grant_of(gone))["ended_reason"] == "deceased"
    assert (await world.grant_of(heir))["state"] == "conditional"
    assert (await world.balances())["reserved"] == 2 * PRICE_RUPIAH


async def test_a_relatives_aid_counts_whenever_the_relative_becomes_known(world: World) -> None:
    before, after, joined = people(3)
    aided_before, aided_after, moving = people(3)
    await world.known(before, after, joined)
    await world.service.deliver(registered(moving))
    await world.allocate()
    await world.service.deliver(assistance(aided_before))
    await world.service.deliver(registered(aided_before, family_id=before))
    await world.service.deliver(registered(aided_after, family_id=after))
    await world.service.deliver(assistance(aided_after))
    await world.service.deliver(assistance(moving))
    await world.service.deliver(corrected(moving, family_id=joined), sequence=2)
    for person_id in (before, after, joined):
        assert (await world.grant_of(person_id))["ended_reason"] == "double_aid"


async def test_the_reserve_list_is_served_behind_all_others_in_its_order(disbursement: ServiceUnderTest) -> None:
    world = await World.make(disbursement, budget_rupiah=2 * PRICE_RUPIAH)
    poorer, first, ordinary = people(3)
    await world.service.deliver(registered(poorer, decile=1), registered(first, decile=3), registered(ordinary))
    await world.service.deliver(*(world.enrolled(each) for each in (poorer, first, ordinary)))
    await world.reserve(first, poorer)
    await world.allocate()
    told = await world.service.published(AidAllocatedV1)
    assert [(each.data.person_id, each.data.from_reserve_list) for each in told] == [(ordinary, False), (first, True)]
    path = f"/programmes/{world.programme_id}/reserve-candidates"
    listed = ok(await world.petugas.get(path))["items"]
    assert [item["grant_id"] for item in listed] == [(await world.grant_of(first))["id"], None]
