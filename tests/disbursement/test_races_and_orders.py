"""Facts heard while an allocation runs, and facts in every order: the end is the same."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import text

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


class Undone(Exception):
    """Takes a transaction back."""


async def grants_of_a_job(world: World, job_id: UUID, rows_limit: int) -> list[tuple[UUID, UUID]]:
    """Id and person of what the job allocates by chunks of so many, in the order of ids; nothing of it stays."""
    parameters = {"programme_id": str(world.programme_id), **job_occasion(Occasion("officer", date(2023, 10, 20)))}
    found: list[tuple[UUID, UUID]] = []
    with contextlib.suppress(Undone):
        async with world.service.service.database.transaction() as tx:
            job, finished = Job(job_id, JOB, parameters, None, 0, 0, rows_limit), False
            while not finished:
                step = await allocate_chunk(tx, job)
                done, failed = job.done + step.done, job.failed + step.failed
                job, finished = replace(job, cursor=step.cursor, done=done, failed=failed), step.finished
            rows = await tx.fetch_all(text("SELECT id, person_id FROM aid_grant ORDER BY id"), {})
            found = [(row.id, row.person_id) for row in rows]
            raise Undone
    return found


async def test_a_job_done_again_by_other_chunks_gives_the_same_grants(world: World) -> None:
    """After a restore others know these ids; how much a chunk holds is decided by who asks for something just then."""
    ids = people(14)
    families = [ids[place - 2] if place % 4 == 2 else each for place, each in enumerate(ids)]
    await world.service.deliver(
        *(registered(each, family_id=family) for each, family in zip(ids, families, strict=True))
    )
    await world.service.deliver(*(world.enrolled(each) for each in ids))
    job_id = new_id()
    whole, *cut = [await grants_of_a_job(world, job_id, rows_limit) for rows_limit in (100, 2, 3, 7)]
    assert [person_id for _, person_id in whole] == [ids[place] for place in range(14) if place % 4 != 2]
    assert cut == [whole] * 3


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
