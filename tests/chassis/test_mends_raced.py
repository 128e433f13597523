"""Mends that meet a redrive, an event already known, or a generation that is gone."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis import redrive as redriving
from chassis.ids import new_id
from chassis.redrive_plan import Plan
from deploy.local.provision import DatabaseUrls
from tests.chassis.builders import headers_of, ordered, record
from tests.chassis.kafka import until
from tests.chassis.parked import (
    credits_told,
    message_ids,
    operator,
    propose,
    results,
    start_redrive,
    waiting,
)
from tests.chassis.sample import service as sample_service
from tests.support.service import ServiceUnderTest

BAD_RUPIAH = 9_000_000


async def _approve(sample: ServiceUnderTest, mend_id: str) -> Any:
    return await operator(sample, "operator-2").post(f"/admin/mends/{mend_id}/approve")


@pytest.fixture
async def refused(sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A message of account 1 that was refused, and whose cause is mended; one of account 1 waits behind it."""
    await sample.processor().process([record(ordered(1, BAD_RUPIAH)), record(ordered(1, 4))])
    monkeypatch.setattr(sample_service, "TOO_MUCH_RUPIAH", BAD_RUPIAH)
    return (await message_ids(sample))[0]


async def test_what_is_set_aside_while_a_redrive_waits_for_its_locks_stays_aside(
    sample: ServiceUnderTest, refused: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Approved after the redrive looked for mends and before it had the messages."""
    proposed = await propose(sample, refused, kind="set_aside", reason="sent_by_mistake")
    lock = Plan.lock

    async def approved_meanwhile(plan: Plan, places: Any, arrivals: Any) -> Any:
        if await sample.fetch_all("SELECT 1 FROM parked_mend WHERE state = 'proposed'"):
            assert (await _approve(sample, proposed.json()["id"])).status_code == 201
        return await lock(plan, places, arrivals)

    monkeypatch.setattr(Plan, "lock", approved_meanwhile)
    job_id = await start_redrive(sample, all=True)
    await sample.run_jobs()
    assert await results(sample, job_id) == [("set_aside", None), ("applied", None)]
    assert await credits_told(sample, 1) == [4]


async def test_nobody_approves_what_a_redrive_is_taking(
    sample: ServiceUnderTest, refused: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The approval waits for the redrive, and is then too late."""
    proposed = await propose(sample, refused, kind="set_aside", reason="sent_by_mistake")
    approvals: list[asyncio.Task[Any]] = []
    take = redriving.Redrive._take

    async def approved_meanwhile(redrive: Any, *given: Any) -> None:
        if not approvals:
            approvals.append(asyncio.create_task(_approve(sample, proposed.json()["id"])))
            await until(lambda: _somebody_waits(sample))
        await take(redrive, *given)

    monkeypatch.setattr(redriving.Redrive, "_take", approved_meanwhile)
    await start_redrive(sample, all=True)
    await sample.run_jobs()
    assert (await approvals[0]).status_code in (404, 409)
    assert await credits_told(sample, 1) == [BAD_RUPIAH, 4]
    outcomes = await sample.fetch_all("SELECT outcome FROM parked_message ORDER BY arrival")
    assert [row.outcome for row in outcomes] == ["applied", "applied"]


async def _somebody_waits(sample: ServiceUnderTest) -> bool:
    rows = await sample.fetch_all(
        "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool(rows)


async def test_a_mend_for_a_key_that_is_not_locked_is_left_for_the_next_chunk(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Approved meanwhile, too, but for another key: taken with that key's lock, and in order."""
    await sample.processor().process([record(ordered(1, 3), key=b"odd"), record(ordered(2, 5), key=b"odd")])
    first, second = await message_ids(sample)
    proposed = [await propose(sample, first, key=str(UUID(int=1))), await propose(sample, second, key=str(UUID(int=2)))]
    lock = Plan.lock
    locked: list[set[Any]] = []

    async def approved_meanwhile(plan: Plan, places: Any, arrivals: Any) -> Any:
        if not locked:
            for each in proposed:
                assert (await _approve(sample, each.json()["id"])).status_code == 201
        locked.append({key for _, key in places})
        return await lock(plan, places, arrivals)

    monkeypatch.setattr(Plan, "lock", approved_meanwhile)
    job_id = await start_redrive(sample, all=True)
    await sample.run_jobs()
    assert await results(sample, job_id) == [("applied", None)] * 2
    assert locked[1] >= {str(UUID(int=1)), str(UUID(int=2))}
    assert (await credits_told(sample, 1), await credits_told(sample, 2)) == ([3], [5])
    assert await sample.fetch_all("SELECT 1 FROM parked_key") == []


async def test_a_mend_that_is_an_event_already_known_is_refused(sample: ServiceUnderTest) -> None:
    """It would change nothing; proposed before that event came, its redrive fails and the original stays."""
    known_id, later_id = new_id(), new_id()
    await sample.processor().process([record(ordered(1, 3), event_id=known_id)])
    await sample.processor().process([record(ordered(1, 4), value=b"{}")])
    (message_id,) = await message_ids(sample)
    body = ordered(1, 4).model_dump_json()
    answer = await propose(sample, message_id, headers=headers_of(ordered(1), known_id), body=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sinergi:problem:mend-known")
    assert await sample.fetch_all("SELECT 1 FROM parked_mend") == []
    proposed = await propose(sample, message_id, headers=headers_of(ordered(1), later_id), body=body)
    await sample.execute(
        "INSERT INTO inbox (consumer, source, event_id) VALUES ('sample', '/outside', :id)", id=later_id
    )
    assert (await _approve(sample, proposed.json()["id"])).status_code == 201
    await sample.run_jobs()
    assert await waiting(sample) == [("already_known", 1)]
    assert await credits_told(sample, 1) == [3]


async def test_a_message_of_a_generation_that_is_gone_is_not_mended(
    sample: ServiceUnderTest, sample_urls: DatabaseUrls
) -> None:
    """Neither proposed nor approved: nothing would take it."""
    await sample.processor().process([record(ordered(1, 3), value=b"{}")])
    (message_id,) = await message_ids(sample)
    body = ordered(1, 3).model_dump_json()
    proposed = await propose(sample, message_id, body=body)
    await sample.execute("UPDATE parked_message SET consumer = 'sample@1'")
    owner = await asyncpg.connect(sample_urls.owner)
    await owner.execute("INSERT INTO generation (projection, consumer, state) VALUES ('p', 'sample@1', 'before')")
    await owner.close()
    assert (await _approve(sample, proposed.json()["id"])).status_code == 404
    assert (await propose(sample, message_id, body=body)).status_code == 404
    assert await sample.fetch_all("SELECT 1 FROM job") == []
