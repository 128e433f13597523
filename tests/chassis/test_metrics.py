"""What a scrape shows of what really happened, and of nothing that did not."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from chassis import database
from chassis.auth import Role
from chassis.failpoints import BEFORE_COMMIT
from chassis.metrics import backlog
from chassis.metrics.sampler import Sampler
from chassis.processing import Processor
from chassis.service import Service
from deploy.local.kafka import Kafka
from tests.chassis.builders import ordered, record
from tests.chassis.kafka import MakeSample, producing, running, send, unreadable_batch, until
from tests.chassis.sample.service import BUGGY_RUPIAH, TOO_MUCH_RUPIAH, Credit, credit
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


async def test_the_first_failure_is_an_increase_whatever_its_route(sample: ServiceUnderTest) -> None:
    """The histogram's series begins at 1 with it, which `increase` and `rate` do not see."""
    names = ("sinergi_http_requests_total", "sinergi_http_failures_total")
    assert [value(sample, name) for name in names] == [0, 0]
    officer, body = sample.as_(Role.PETUGAS), {"account_id": str(UUID(int=1)), "region_code": "33.28"}
    assert (await officer.post("/credits", json=body | {"amount_rupiah": BUGGY_RUPIAH})).status_code == 500
    assert [value(sample, name) for name in names] == [1, 1]
    assert (await officer.post("/credits", json=body | {"amount_rupiah": TOO_MUCH_RUPIAH + 1})).status_code == 422
    assert [value(sample, name) for name in names] == [2, 1], "a refusal is no failure"


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
    async with sample.service.database.transaction() as tx:
        await credit(tx, Credit(account_id=UUID(int=1), amount_rupiah=5))
    await sample.execute("UPDATE outbox SET published_at = clock_timestamp() WHERE key = :key", key=str(UUID(int=2)))
    await sample.execute("UPDATE outbox SET recorded_at = recorded_at - interval '1 hour' WHERE published_at IS NULL")
    await sampler.sample()
    assert value(sample, "sinergi_outbox_depth") == 2
    assert value(sample, "sinergi_outbox_oldest_age_seconds") == 0, "nor does what waits behind one count"
    await sample.service.timers.fire_due(sample.service.database)
    await sample.execute("UPDATE job SET state = 'failed'")
    assert value(sample, "sinergi_timers_failing") == 0, "a scrape shows the last sample"
    await sampler.sample()
    assert value(sample, "sinergi_timers_failing") == 1
    assert value(sample, "sinergi_jobs", {"kind": "credit-many", "state": "queued"}) is None
    assert value(sample, "sinergi_jobs", {"kind": "credit-many", "state": "failed"}) == 1


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until it is set, the consumer hangs on its batch; the backlog is looked at often."""
    monkeypatch.setattr(backlog, "WATCH_SECONDS", 0.2)
    going_on, process = asyncio.Event(), Processor.process

    async def hang(self: Processor, records: Any) -> None:
        await going_on.wait()
        await process(self, records)

    monkeypatch.setattr(Processor, "process", hang)
    return going_on


async def test_lag_and_age_are_those_of_what_the_consumer_has_not_processed(
    kafka: Kafka, prefix: str, make_sample: MakeSample, released: asyncio.Event
) -> None:
    """The backlog is seen from outside the consumer, and goes when it goes on."""
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


async def test_a_record_that_cannot_be_read_has_the_age_at_which_it_was_found(
    kafka: Kafka, prefix: str, make_sample: MakeSample, released: asyncio.Event
) -> None:
    """A header name that is no UTF-8: the client library raises. Neither the loop ends nor is the backlog 0 s old."""
    topic = f"{prefix}outside.orders"
    labels = {"consumer": "sample", "topic": topic}
    async with producing(kafka) as producer:
        await (await producer.send_batch(unreadable_batch(producer), topic, partition=0))
    async with running(make_sample()) as sample:
        await until(_shows(sample, "sinergi_consumer_lag_records", labels, lambda lag: lag == 1), 20)
        await until(_shows(sample, "sinergi_consumer_oldest_age_seconds", labels, lambda age: age > 1), 20)
        (loop,) = (each for each in sample.service.background if each.name == "backlog")
        assert loop.problems() == []
        released.set()


async def test_an_age_is_kept_while_its_record_is_not_read_again_in_time(
    kafka: Kafka, prefix: str, make_sample: MakeSample, released: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"{prefix}outside.orders"
    name, labels = "sinergi_consumer_oldest_age_seconds", {"consumer": "sample", "topic": topic}
    await send(kafka, topic, [ordered(1)])
    async with running(make_sample()) as sample:
        await until(_shows(sample, name, labels, lambda age: age > 0), 20)
        monkeypatch.setattr(backlog, "OLDEST_SECONDS", 0)
        before = value(sample, name, labels) or 0
        await until(_shows(sample, name, labels, lambda age: age > before + 1), 20)
        released.set()


def test_where_nothing_was_ever_read_the_age_counts_from_the_first_look(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one position: at another one it counts anew, and what is read is believed."""
    watch, place, now = _watch(sample), TopicPartition("t", 0), [1000.0]
    monkeypatch.setattr(backlog, "time", SimpleNamespace(time=lambda: now[0]))

    def look(at: float, offset: int, read: float | None = None) -> float | None:
        now[0] = at
        watch._remember({place: offset}, {} if read is None else {place: read})
        watch._show({place: 1})
        return value(sample, "sinergi_consumer_oldest_age_seconds", {"consumer": "sample", "topic": "t"})

    assert [look(1000, 7), look(1030, 7), look(1040, 8), look(1050, 8, 900), look(1060, 8)] == [0, 30, 0, 150, 160]
    watch._remember({}, {})
    watch._show({place: 0})
    assert value(sample, "sinergi_consumer_oldest_age_seconds", {"consumer": "sample", "topic": "t"}) == 0


async def test_the_gauges_of_a_service_that_hears_nothing_are_not_stale(
    kafka: Kafka, sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its watch tells whether the broker answers, and has looked at all there is."""
    monkeypatch.setattr(backlog, "WATCH_SECONDS", 0.2)
    settings = sample.service.settings.model_copy(update={"kafka_bootstrap_servers": kafka.bootstrap_servers})
    deaf = Service(name="deaf", package="tests.chassis.sample", settings=settings, catalogue={})
    looks: list[str] = []
    monkeypatch.setattr(deaf.metrics, "sampled", looks.append)
    stopping = asyncio.Event()
    watching = asyncio.create_task(deaf._backlog().run(stopping))

    async def looked() -> bool:
        return len(looks) >= 3

    await until(looked, 20)
    stopping.set()
    await watching
    await deaf.database.close()
    await deaf.api_database.close()


def _watch(sample: ServiceUnderTest) -> backlog.Backlog:
    """A watch of the topic `t` that asks nobody."""
    return backlog.Backlog(
        consumer="sample", bootstrap_servers="", topics=["t"], metrics=sample.service.metrics, positions=_nowhere
    )


async def _nowhere() -> backlog.Positions:
    return {}


def _shows(
    sample: ServiceUnderTest, name: str, labels: Mapping[str, str], expected: Callable[[float], bool]
) -> Callable[[], Awaitable[bool]]:
    async def shown() -> bool:
        found = value(sample, name, labels)
        return found is not None and expected(found)

    return shown
