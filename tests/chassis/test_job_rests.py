"""While somebody asks, jobs go by short chunks and rest in between; where nobody does, they lose no time."""

import asyncio
import time
from typing import Any

import pytest

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


async def start(sample: ServiceUnderTest, kind: str) -> None:
    async with sample.service.database.transaction() as tx:
        await tx.start_job(kind, {})


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
