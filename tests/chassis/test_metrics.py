"""What a scrape shows of what really happened, and of nothing that did not."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chassis import database
from chassis.auth import Role
from chassis.failpoints import BEFORE_COMMIT
from chassis.metrics import backlog
from chassis.metrics.sampler import Sampler
from chassis.processing import Processor
from deploy.local.kafka import Kafka
from tests.chassis.builders import ordered, record
from tests.chassis.kafka import MakeSample, running, send, until
from tests.chassis.sample.service import TOO_MUCH_RUPIAH, Credit, credit
from tests.support.service import ServiceUnderTest

NIK = "3328991505900001"


def scraped(sample: ServiceUnderTest) -> str:
    """What Prometheus would read."""
    return sample.service.metrics.text().decode()


def value(sample: ServiceUnderTest, name: str, labels: Mapping[str, str] | None = None) -> float | None:
    """One sample of a scrape; None when there is none."""
    for family in text_string_to_metric_families(scraped(sample)):
        for one in family.samples:
            if one.name == name and one.labels == dict(labels or {}):
                return one.value
    return None


async def test_metrics_are_public_text_for_prometheus(sample: ServiceUnderTest) -> None:
    answer = await sample.client().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "process_resident_memory_bytes" in answer.text


async def test_events_and_rupiah_count_when_they_are_committed(sample: ServiceUnderTest) -> None:
    recorded = ("sinergi_events_recorded_total", {"type": "sample.credited.v1"})
    rupiah = ("sinergi_events_recorded_rupiah_total", {"type": "sample.credited.v1", "field": "amount_rupiah"})
    assert value(sample, *recorded) == 0, "so that the first one is an increase"
    for amount in (5, 7):
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=1), amount_rupiah=amount))
            assert value(sample, *recorded) in (0, 1), "nothing counts before its commit"
    assert (value(sample, *recorded), value(sample, *rupiah)) == (2, 12)


@pytest.mark.parametrize("place", ["in the use case", "at the commit"])
async def test_what_is_rolled_back_does_not_count(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def fail(point: str) -> None:
        if point == BEFORE_COMMIT:
            raise ZeroDivisionError

    if place == "at the commit":
        monkeypatch.setattr(database, "reach", fail)
    with contextlib.suppress(ZeroDivisionError):
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=1), amount_rupiah=5))
            if place == "in the use case":
                raise ZeroDivisionError
    labels = {"type": "sample.credited.v1"}
    assert value(sample, "sinergi_events_recorded_total", labels) == 0
    assert value(sample, "sinergi_events_recorded_rupiah_total", labels | {"field": "amount_rupiah"}) == 0


async def test_requests_count_by_template_and_never_by_path(sample: ServiceUnderTest) -> None:
    officer = sample.as_(Role.PETUGAS)
    body = {"account_id": str(UUID(int=1)), "amount_rupiah": 5, "region_code": "33.28"}
    assert (await officer.post("/credits", json=body)).status_code == 201
    assert (await officer.post("/credits", json=body | {"amount_rupiah": TOO_MUCH_RUPIAH + 1})).status_code == 422
    await officer.get(f"/accounts/{UUID(int=1)}")
    await officer.get(f"/{NIK}?nik={NIK}")
    await officer.request(NIK[:7], "/credits")
    name = "sinergi_http_request_duration_seconds_count"
    seen = [
        (one.labels["method"], one.labels["route"], one.labels["status"], one.value)
        for family in text_string_to_metric_families(scraped(sample))
        for one in family.samples
        if one.name == name
    ]
    assert sorted(seen) == [
        ("GET", "/accounts/{account_id}", "200", 1),
        ("GET", "unmatched", "404", 1),
        ("POST", "/credits", "201", 1),
        ("POST", "/credits", "422", 1),
        ("other", "/credits", "405", 1),
    ]
    assert NIK not in scraped(sample)


async def test_a_batch_counts_what_took_effect_what_was_skipped_and_what_parked(sample: ServiceUnderTest) -> None:
    foreign = {"ce_type": "outside.forgotten.v9", "ce_id": str(UUID(int=3))}
    told = record(ordered(1)).headers
    skipped = record(ordered(1), headers=[(name, foreign.get(name, v.decode()).encode()) for name, v in told])
    junk = record(ordered(2), value=b"{")
    refused = record(ordered(3, TOO_MUCH_RUPIAH + 1))
    first = record(ordered(4))
    await sample.processor().process([first, skipped, junk, refused, first])
    await Sampler(sample.service).sample()
    processed = {"consumer": "sample", "type": "outside.ordered.v1"}
    assert value(sample, "sinergi_consumer_events_processed_total", processed) == 1
    assert value(sample, "sinergi_consumer_events_skipped_total", {"consumer": "sample", "type": "unknown"}) == 1
    reasons = re.findall(r'sinergi_parked_messages\{consumer="sample",reason="([\w-]+)"\} 1', scraped(sample))
    assert sorted(reasons) == ["malformed_json", "too-much"]
    assert (value(sample, "sinergi_parked_oldest_age_seconds") or 0) > 0
    batches = value(sample, "sinergi_consumer_batch_records_count", {"consumer": "sample"})
    assert batches == value(sample, "sinergi_consumer_batch_duration_seconds_count", {"consumer": "sample"})
    assert value(sample, "sinergi_consumer_batch_records_sum", {"consumer": "sample"}) == 4, "the refused one is not"


async def test_the_queues_are_sampled_and_a_scrape_asks_nobody(sample: ServiceUnderTest) -> None:
    sampler = Sampler(sample.service)
    async with sample.service.database.transaction() as tx:
        await credit(tx, Credit(account_id=UUID(int=1), amount_rupiah=5))
        await credit(tx, Credit(account_id=UUID(int=2), amount_rupiah=5))
        await tx.schedule("interest", tx.now, UUID(int=1), {"fails": True})
        await tx.start_job("credit-many", {"ids": [], "amount_rupiah": 1})
    await sample.execute("UPDATE outbox SET held_reason = 'too_large', recorded_at = recorded_at - interval '1 hour'"
                         " WHERE key = :key", key=str(UUID(int=1)))  # fmt: skip
    await sampler.sample()
    names = ("outbox_depth", "outbox_held_rows", "timers_overdue", "timers_failing")
    assert [value(sample, f"sinergi_{name}") for name in names] == [2, 1, 1, 0]
    assert value(sample, "sinergi_jobs", {"kind": "credit-many", "state": "queued"}) == 1
    assert 0 < (value(sample, "sinergi_outbox_oldest_age_seconds") or 0) < 60, "a held row has its own gauge"
    await sample.service.timers.fire_due(sample.service.database)
    await sample.execute("UPDATE job SET state = 'failed'")
    assert value(sample, "sinergi_timers_failing") == 0, "a scrape shows the last sample"
    await sampler.sample()
    assert value(sample, "sinergi_timers_failing") == 1
    assert value(sample, "sinergi_jobs", {"kind": "credit-many", "state": "queued"}) is None
    assert value(sample, "sinergi_jobs", {"kind": "credit-many", "state": "failed"}) == 1


async def test_lag_and_age_are_those_of_what_the_consumer_has_not_processed(
    kafka: Kafka, prefix: str, make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The consumer hangs on a batch: the backlog is seen from outside it, and goes when it goes on."""
    monkeypatch.setattr(backlog, "WATCH_SECONDS", 0.2)
    released, process = asyncio.Event(), Processor.process

    async def hang(self: Processor, records: Any) -> None:
        await released.wait()
        await process(self, records)

    monkeypatch.setattr(Processor, "process", hang)
    topic = f"{prefix}outside.orders"
    labels = {"consumer": "sample", "topic": topic}
    async with running(make_sample()) as sample:
        await send(kafka, topic, [ordered(number) for number in range(10)])
        await until(_shows(sample, "sinergi_consumer_lag_records", labels, lambda lag: lag == 10), 20)
        await until(_shows(sample, "sinergi_consumer_oldest_age_seconds", labels, lambda age: 0.5 < age < 60), 20)
        released.set()
        await until(_shows(sample, "sinergi_consumer_lag_records", labels, lambda lag: lag == 0), 20)
        assert value(sample, "sinergi_consumer_oldest_age_seconds", labels) == 0
        assert value(sample, "sinergi_relay_leader") in (0, 1)
        assert (value(sample, "sinergi_sample_age_seconds", {"source": "broker"}) or 0) < 60


def _shows(
    sample: ServiceUnderTest, name: str, labels: Mapping[str, str], expected: Callable[[float], bool]
) -> Callable[[], Awaitable[bool]]:
    async def shown() -> bool:
        found = value(sample, name, labels)
        return found is not None and expected(found)

    return shown
