"""Junk on the real log, redriving while the log goes on, and a bad release."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from chassis import redrive as redriving
from deploy.local.kafka import Kafka
from tests.chassis.builders import headers_of, ordered
from tests.chassis.kafka import MakeSample, producing, running, send, unreadable_batch, until
from tests.chassis.parked import balances, credits_told, operator, reasons, results, start_redrive
from tests.chassis.sample import service as sample_service
from tests.chassis.sample.service import BUGGY_RUPIAH
from tests.support.service import ServiceUnderTest

BAD_RUPIAH = 9_000_000
NOT_UTF8 = b"\xff\xfe"


JUNK: dict[str, dict[str, Any]] = {
    "null_header": {"headers": [("ce_type", None)]},
    "header_not_utf8": {"headers": [("ce_type", NOT_UTF8)]},
    "tombstone": {"value": None},
    "missing_key": {"key": None},
    "malformed_json": {"value": b"not json"},
    "not_a_cloudevent": {"headers": []},
    "oversized": {"value": b" " * 950_000},
    "header_name_not_utf8": {},
}


async def _send_junk(kafka: Kafka, topic: str) -> None:
    """One of each kind into each of the three partitions, each under a key of its own."""
    good = ordered(1)
    whole = {
        "value": good.model_dump_json().encode(),
        "headers": [(k, v.encode()) for k, v in headers_of(good).items()],
    }
    async with producing(kafka) as producer:
        for partition in range(3):
            for reason, spoiled in JUNK.items():
                if reason == "header_name_not_utf8":
                    await (await producer.send_batch(unreadable_batch(producer), topic, partition=partition))
                    continue
                key = f"{reason}{partition}".encode()
                await producer.send_and_wait(topic, partition=partition, **(whole | {"key": key} | spoiled))


async def test_junk_on_the_real_log_parks_and_stops_nobody(kafka: Kafka, prefix: str, make_sample: MakeSample) -> None:
    """In every partition, between healthy messages; the stored offsets are beyond it, and a restart finds no more."""
    topic = f"{prefix}outside.orders"
    await send(kafka, topic, [ordered(number) for number in range(8)])
    await _send_junk(kafka, topic)
    await send(kafka, topic, [ordered(number) for number in range(8)])
    everyone = dict.fromkeys(range(8), 10)
    async with running(make_sample()) as sample:
        await until(lambda: _has(sample, everyone))
        await until(lambda: _read_to(sample, 16 + 3 * len(JUNK)))
        assert Counter(await reasons(sample)) == dict.fromkeys(JUNK, 3)
        parked = await sample.fetch_all("SELECT DISTINCT partition, reason FROM parked_message")
        assert len(parked) == 3 * len(JUNK)
    async with running(make_sample()) as again:
        await send(kafka, topic, [ordered(8)])
        await until(lambda: _has(again, everyone | {8: 5}))
        assert len(await reasons(again)) == 3 * len(JUNK)


async def _has(sample: ServiceUnderTest, expected: dict[int, int]) -> bool:
    return await balances(sample) == expected


async def _read_to(sample: ServiceUnderTest, records: int) -> bool:
    """Whether the stored offsets say that so many records were read."""
    rows = await sample.fetch_all("SELECT coalesce(sum(next_offset), 0) AS read FROM stored_offset")
    return int(rows[0].read) == records


async def test_a_redrive_keeps_the_order_while_new_messages_of_the_key_arrive(
    kafka: Kafka, prefix: str, make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream of orders for two accounts; their first was refused; the cause is mended in the middle of it."""
    monkeypatch.setattr(redriving, "CHUNK_MESSAGES", 3)
    topic = f"{prefix}outside.orders"
    amounts = [BAD_RUPIAH, *range(1, 150)]
    async with running(make_sample()) as sample:
        sending = asyncio.create_task(
            send(kafka, topic, [ordered(account, amount) for amount in amounts for account in (1, 2)])
        )
        await until(lambda: _waiting_at_least(sample, 20))
        monkeypatch.setattr(sample_service, "TOO_MUCH_RUPIAH", BAD_RUPIAH * 2)
        jobs = [await start_redrive(sample, reason="too-much"), await start_redrive(sample, all=True)]
        await sending
        await until(lambda: _credited(sample, 2 * len(amounts)), 60)
        for account in (1, 2):
            assert await credits_told(sample, account) == amounts
        await until(lambda: _all_ended(sample))
        assert await sample.fetch_all("SELECT 1 FROM parked_key") == []
        assert {outcome for job in jobs for outcome, _ in await results(sample, job)} == {"applied"}


async def _waiting_at_least(sample: ServiceUnderTest, count: int) -> bool:
    return len(await reasons(sample)) >= count


async def _credited(sample: ServiceUnderTest, count: int) -> bool:
    return len(await sample.fetch_all("SELECT 1 FROM outbox")) == count


async def _all_ended(sample: ServiceUnderTest) -> bool:
    return not await sample.fetch_all("SELECT 1 FROM job WHERE state <> 'done'")


async def test_a_bad_release_pauses_and_a_good_one_goes_on_by_itself(
    kafka: Kafka, prefix: str, make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty keys and one bug: twenty park, the rest waits on the log; mended, all of it takes effect, once."""
    everyone = range(1, 41)
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(number, BUGGY_RUPIAH) for number in everyone])
        await until(lambda: _paused(sample))
        assert await reasons(sample) == ["ZeroDivisionError"] * 20
        monkeypatch.setattr(sample_service, "BUGGY_RUPIAH", -1)
        await until(lambda: _credited(sample, 20), 60)
        await until(lambda: _ready(sample))
        assert len(await reasons(sample)) == 20, "nothing more parked while it was paused"
        await start_redrive(sample, reason="ZeroDivisionError")
        await until(lambda: _credited(sample, 40))
        assert await balances(sample) == dict.fromkeys(everyone, BUGGY_RUPIAH)
        told = await sample.fetch_all("SELECT DISTINCT key FROM outbox")
        assert {UUID(row.key).int for row in told} == set(everyone)


async def _paused(sample: ServiceUnderTest) -> bool:
    answer = await operator(sample).get("/health/ready")
    return answer.status_code == 503 and "consumer_paused:ZeroDivisionError" in answer.json()["problems"]


async def _ready(sample: ServiceUnderTest) -> bool:
    return (await operator(sample).get("/health/ready")).status_code == 200
