"""While somebody asks, jobs go by short chunks and rest in between; where nobody does, they lose no time."""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from chassis import jobs
from chassis.jobs import CHUNK_LIMIT, PRESENT_CHUNK_LIMIT, REST_SHARE, Job, JobStep
from chassis.transaction import Transaction
from chassis.workers import PRESENT_REQUESTS, Presence
from tests.support.service import ServiceUnderTest

CHUNK_SECONDS = 0.5


def add_kind(
    sample: ServiceUnderTest, kind: str, chunk_seconds: float = 0.0, *, first: bool = False, ends: bool = False
) -> list[int]:
    """A kind of job that ends with its first chunk or never; what each of its chunks might have held."""
    limits = list[int]()

    @sample.service.jobs.on(kind, first=first)
    async def chunk(_tx: Transaction, job: Job) -> JobStep:
        limits.append(job.rows_limit)
        await asyncio.sleep(chunk_seconds)
        return JobStep(done=1, finished=ends)

    return limits


async def start(sample: ServiceUnderTest, kind: str) -> UUID:
    async with sample.service.database.transaction() as tx:
        return await tx.start_job(kind, {})


async def chunks(sample: ServiceUnderTest, count: int, *, present: bool) -> list[bool]:
    """Whether each of so many turns found a job."""
    return [await sample.service.jobs.run_next(sample.service.database, 1000, present=present) for _ in range(count)]


async def test_a_job_rests_while_somebody_asks_and_others_have_a_turn(sample: ServiceUnderTest) -> None:
    """However many processes there are: that it rests stands with the job."""
    long, other = add_kind(sample, "long", CHUNK_SECONDS), add_kind(sample, "other", ends=True)
    await start(sample, "long")
    assert await chunks(sample, 2, present=True) == [True, False]
    await start(sample, "other")
    assert await chunks(sample, 2, present=True) == [True, False]
    assert (long, other) == ([PRESENT_CHUNK_LIMIT], [PRESENT_CHUNK_LIMIT])
    await asyncio.sleep(REST_SHARE * CHUNK_SECONDS)
    assert await chunks(sample, 1, present=True) == [True]
    assert len(long) == 2


@pytest.mark.parametrize("aside", [False, True])
async def test_what_rests_is_not_overtaken_by_its_kind_unless_it_steps_aside(
    sample: ServiceUnderTest, aside: bool
) -> None:
    """Of two lists that are approved one after the other the first is applied first, rests or not."""
    worked_on = list[UUID]()

    @sample.service.jobs.on("list")
    async def chunk(_tx: Transaction, job: Job) -> JobStep:
        worked_on.append(job.id)
        await asyncio.sleep(CHUNK_SECONDS)
        return JobStep(done=1, finished=False, aside=aside)

    ids = [await start(sample, "list") for _ in range(2)]
    assert await chunks(sample, 2, present=True) == [True, aside]
    await asyncio.sleep(REST_SHARE * CHUNK_SECONDS)
    assert await chunks(sample, 1, present=True) == [True]
    assert worked_on == ([ids[0], ids[1], ids[0]] if aside else [ids[0], ids[0]])


@pytest.mark.parametrize(("present", "first"), [(False, False), (True, True)])
async def test_nothing_rests_where_nobody_asks_nor_what_goes_first(
    sample: ServiceUnderTest, present: bool, first: bool
) -> None:
    limits = add_kind(sample, "long", first=first)
    await start(sample, "long")
    assert await chunks(sample, 3, present=present) == [True] * 3
    assert limits == [PRESENT_CHUNK_LIMIT if present else CHUNK_LIMIT] * 3


@pytest.mark.parametrize("present", [False, True])
async def test_whether_somebody_asks_is_seen_anew_before_each_chunk(
    sample: ServiceUnderTest, present: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping, presence, seen = asyncio.Event(), Presence(), list[bool]()

    async def run_next(*_: Any, present: bool) -> bool:
        seen.append(present)
        presence.asked_at.extend([time.monotonic() - 60 if present else time.monotonic()] * PRESENT_REQUESTS)
        if len(seen) == 3:
            stopping.set()
        return True

    if present:
        presence.asked_at.extend([time.monotonic()] * PRESENT_REQUESTS)
    monkeypatch.setattr(sample.service.jobs, "run_next", run_next)
    await sample.service.jobs.run(sample.service.database, 1000, presence, stopping)
    assert seen == [present, not present, present]


async def test_what_rests_is_taken_up_when_its_rest_is_over(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when a process that found nothing to do looks again."""
    limits, stopping, presence = add_kind(sample, "long", chunk_seconds=0.2), asyncio.Event(), Presence()
    monkeypatch.setattr(jobs, "REST_LIMIT_SECONDS", 0.25)
    pauses = list[float]()

    async def pause(_: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)
        stopping.set()

    monkeypatch.setattr(jobs, "pause", pause)
    presence.asked_at.extend([time.monotonic()] * PRESENT_REQUESTS)
    await start(sample, "long")
    await sample.service.jobs.run(sample.service.database, 1000, presence, stopping)
    assert len(limits) == 1
    assert [0 < seconds <= 0.25 for seconds in pauses] == [True]
