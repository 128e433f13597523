"""Where many come together, more are waited for; what comes alone is not held up."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import workers
from chassis.service import Service
from chassis.subscription import Subscription
from chassis.workers import (
    CROWD_FROM,
    GATHERING_FROM,
    PRESENT_REQUESTS,
    PRESENT_SECONDS,
    Presence,
    Worker,
    more_gather,
    rest_after,
)
from tests.support.service import ServiceUnderTest


@pytest.mark.parametrize(
    ("count", "waits"),
    [(0, False), (1, False), (GATHERING_FROM - 1, False), (GATHERING_FROM, True), (499, True), (500, False)],
)
async def test_only_what_is_neither_few_nor_full_waits(
    count: int, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "GATHERING_SECONDS", 0)
    assert await more_gather(count, 500) is waits


@pytest.mark.parametrize(("count", "waits"), [(0, False), (1, True), (499, True), (500, False)])
async def test_where_nobody_waits_even_one_is_held_up(count: int, waits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PATIENT_SECONDS", 0)
    assert await more_gather(count, 500, patiently=True) is waits


@pytest.mark.parametrize(
    ("count", "asked_seconds_ago", "rests"),
    [(1, 0, False), (CROWD_FROM - 1, 0, False), (CROWD_FROM, 0, True), (CROWD_FROM, PRESENT_SECONDS, False)],
)
async def test_after_a_bulk_jobs_batch_those_who_ask_go_first(
    count: int, asked_seconds_ago: float, rests: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody asks for anything, nobody gains by a rest."""
    slept = list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("chassis.workers.asyncio.sleep", sleep)
    presence = Presence()
    presence.asked_at.extend(time.monotonic() - asked_seconds_ago for _ in range(PRESENT_REQUESTS))
    await rest_after(count, presence)
    assert slept == ([workers.CROWD_REST_SECONDS] if rests else [])


@pytest.mark.parametrize(
    ("method", "path", "count", "felt"),
    [
        ("GET", "/metrics", PRESENT_REQUESTS, False), ("GET", "/accounts", PRESENT_REQUESTS, False),
        ("POST", "/credits", PRESENT_REQUESTS, True), ("POST", "/credits", PRESENT_REQUESTS - 1, False),
    ],
)  # fmt: skip
async def test_who_does_something_is_felt_and_neither_who_reads_nor_a_single_act_is(
    sample: ServiceUnderTest, method: str, path: str, count: int, felt: bool
) -> None:
    for _ in range(count):
        await sample.client().request(method, path)
    assert sample.service.presence.felt is felt


@pytest.mark.parametrize(("found", "rests"), [(0, True), (4, True), (5, False)])
async def test_a_step_begins_again_at_once_only_after_a_full_batch(
    found: int, rests: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step for each that comes by itself would cost as much as one for many."""
    stopping, told = asyncio.Event(), list[str]()

    async def step(_service: Service) -> int:
        told.append("step")
        if told.count("step") == 2:
            stopping.set()
        return found

    async def pause(_stopping: asyncio.Event, _seconds: float) -> None:
        told.append("rest")

    monkeypatch.setattr(workers, "pause", pause)
    await Worker("work", step, batch_size=5).run(cast(Service, None), stopping)
    assert told[:3] == (["step", "rest", "step"] if rests else ["step", "step"])


@pytest.mark.parametrize(("found", "together"), [(5, 2), (4, 1)])
async def test_steps_are_under_way_together_as_long_as_batches_are_full(found: int, together: int) -> None:
    """While one waits for the outside, another one works; what comes one by one is not looked for twice."""
    stopping, told = asyncio.Event(), list[int]()
    under_way = 0

    async def step(_service: Service) -> int:
        nonlocal under_way
        under_way += 1
        await asyncio.sleep(0)
        told.append(under_way)
        under_way -= 1
        if len(told) == 5:
            stopping.set()
        return found

    worker = Worker("work", step, batch_size=5, idle_seconds=0, at_once=2)
    await asyncio.wait_for(worker.run(cast(Service, None), stopping), 10)
    assert max(told) == together


@pytest.mark.parametrize("fails", [False, True])
async def test_what_the_client_gave_is_kept_when_it_cannot_give_more(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands behind that already: thrown away, it would never come again."""
    monkeypatch.setattr(workers, "GATHERING_SECONDS", 0)
    place, asked = TopicPartition("t", 0), list[int | None]()

    async def getmany(*, timeout_ms: int = 0, max_records: int | None = None) -> dict[TopicPartition, list[Any]]:
        asked.append(max_records)
        if fails and len(asked) == 2:
            raise KafkaError
        return {place: list(range(GATHERING_FROM))}

    subscription = Subscription(
        service="s", bootstrap_servers="", database=cast(Any, None), catalogue={}, batch_size=500, presence=Presence(),
        consumers=cast(Any, SimpleNamespace(kinds=())),
    )  # fmt: skip
    found = await subscription._ask(cast(AIOKafkaConsumer, SimpleNamespace(getmany=getmany)))
    assert len(found) == GATHERING_FROM * (1 if fails else 2)
    assert asked == [500, 500 - GATHERING_FROM]
