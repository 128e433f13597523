"""Traces: one causal chain is one trace, each event its own parent; ids and classes of errors, never their texts."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import AsyncMock, Mock
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, TraceFlags

from chassis import telemetry
from chassis.auth import Role
from chassis.events import Delivered
from chassis.ids import new_id
from chassis.migrations import upgrade_package
from chassis.record_batches import RecordBatch
from chassis.settings import ServiceSettings
from chassis.telemetry import EACH_LIMIT, EventSpans, without_query
from chassis.transaction import Transaction
from deploy.local.kafka import Kafka
from deploy.local.provision import create_topics
from tests.chassis.builders import ordered, record
from tests.chassis.chain import Chain, chained_catalogue, make_chain
from tests.chassis.kafka import published, running, until
from tests.chassis.sample.contract import OrderedV1
from tests.support.databases import DatabaseFor
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for

CANARY = "SITI-AMINAH-3328991505900001"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> TracerProvider:
    """Where the chassis's spans go."""
    made = TracerProvider()
    monkeypatch.setattr(telemetry, "tracer", made.get_tracer("test"))
    return made


@pytest.fixture
def exporter(provider: TracerProvider) -> InMemorySpanExporter:
    """Keeps the spans in memory."""
    made = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(made))
    return made


@pytest.fixture
def spans(
    sample: ServiceUnderTest, provider: TracerProvider, exporter: InMemorySpanExporter
) -> Iterator[InMemorySpanExporter]:
    """Spans of the sample's requests and of the chassis."""
    FastAPIInstrumentor.instrument_app(sample.service.app, tracer_provider=provider, server_request_hook=without_query)
    yield exporter
    FastAPIInstrumentor.uninstrument_app(sample.service.app)


async def test_an_error_of_the_database_leaves_no_value_in_a_trace(
    sample: ServiceUnderTest, spans: InMemorySpanExporter
) -> None:
    """Row-level security refuses the row; driver and database would both quote it."""
    officer = sample.as_(Role.PETUGAS, region="33.28.04")
    body = {"account_id": "00000000-0000-0000-0000-000000000001", "amount_rupiah": 5, "region_code": CANARY}
    statuses = [(await officer.post(path, json=body)).status_code for path in ("/credits", f"/credits?note={CANARY}")]
    assert statuses == [403, 422]
    told = [span.to_json() for span in spans.get_finished_spans()]
    assert any("/credits" in one for one in told)
    assert [one for one in told if CANARY in one or "exception" in one] == []


def test_a_failing_step_leaves_its_class_only(spans: InMemorySpanExporter) -> None:
    """Timers, jobs and workers run in such spans."""

    def fail() -> None:
        raise ValueError(CANARY)

    with pytest.raises(ValueError, match=CANARY), telemetry.span("step", SpanKind.INTERNAL):
        fail()
    (span,) = spans.get_finished_spans()
    assert span.status.description == "ValueError"
    assert CANARY not in span.to_json()


@pytest.fixture
async def chain(
    kafka: Kafka, database_for: DatabaseFor, issuer: TestIssuer, tmp_path: Path, prefix: str
) -> AsyncIterator[Chain]:
    """The sample and its mirror, on databases of their own."""
    urls = {}
    for name in ("sample", "mirror"):
        urls[name] = await asyncio.to_thread(database_for, name, migrated=False)
        await asyncio.to_thread(upgrade_package, "tests.chassis.sample", urls[name].owner)

    def settings(name: str) -> ServiceSettings:
        more = {"kafka_bootstrap_servers": kafka.bootstrap_servers}
        return ServiceSettings(**settings_for(urls[name], issuer, tmp_path, **more))

    await create_topics(kafka.bootstrap_servers, {entry.topic for entry in chained_catalogue(prefix).values()})
    made = make_chain(settings, issuer, prefix)
    yield made
    for under_test in (made.first, made.second):
        await under_test.close()


def found(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """Finished spans of that name."""
    return [span for span in exporter.get_finished_spans() if span.name == name]


def told(span: ReadableSpan, attribute: str) -> str:
    """An attribute of ours."""
    return str((span.attributes or {}).get(f"sinergi.{attribute}"))


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


@contextmanager
def _requests_traced(chain: Chain, provider: TracerProvider) -> Iterator[None]:
    app = chain.first.service.app
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider, exclude_spans=["receive", "send"])
    try:
        yield
    finally:
        FastAPIInstrumentor.uninstrument_app(app)


async def test_a_chain_from_request_to_the_next_outbox_is_one_trace(
    chain: Chain, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    """Five requests, five traces; heard as one batch, each event goes on in its own."""
    with _requests_traced(chain, provider):
        await chain.credit_at_once(5)
    await chain.hear_and_tell(5)
    requests = found(exporter, "POST /credits")
    assert len({trace_of(span) for span in requests}) == 5
    assert max(chain.batch_sizes) == 5
    rows = await chain.second.fetch_all("SELECT event_id, headers FROM outbox ORDER BY position")
    assert len(rows) == 5
    for request in requests:
        spans = [span for span in exporter.get_finished_spans() if trace_of(span) == trace_of(request)]
        by_name = {span.name: span for span in spans}
        names = ["POST /credits", "publish sample.credited.v1", "process sample.credited.v1", "publish mirror.seen.v1"]
        assert sorted(span.name for span in spans) == sorted(names)
        for child, parent in zip(names[1:], names, strict=False):
            assert parent_of(by_name[child]) == id_of(by_name[parent])
        heard = by_name["process sample.credited.v1"]
        for same in ("POST /credits", "publish sample.credited.v1"):
            assert told(by_name[same], "event_id") == told(heard, "event_id")
        assert {told(span, "case_id") for span in spans} == {str(chain.account_id)}
        (caused,) = [row for row in rows if str(row.event_id) == told(by_name["publish mirror.seen.v1"], "event_id")]
        assert caused.headers["ce_causationid"] == told(heard, "event_id")


async def test_a_chain_that_is_not_sampled_is_one_trace_all_the_same(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No span is kept, and the ids of the traces still lead from the request through both outboxes."""
    unsampled = TracerProvider(sampler=ALWAYS_OFF)
    monkeypatch.setattr(telemetry, "tracer", unsampled.get_tracer("test"))
    with _requests_traced(chain, unsampled):
        await chain.credit_at_once(3)
    await chain.hear_and_tell(3)
    statement = "SELECT event_id, headers ->> 'ce_causationid' AS cause, headers ->> 'traceparent' AS trace FROM outbox"
    requested = {str(row.event_id): row.trace for row in await chain.first.fetch_all(statement)}
    caused = {row.cause: row.trace for row in await chain.second.fetch_all(statement)}
    assert caused == requested
    assert len(set(requested.values())) == 3
    assert not any(int(trace[-2:], 16) & TraceFlags.SAMPLED for trace in requested.values())


async def test_a_crowd_of_one_trace_shares_a_span_of_each_step(chain: Chain, exporter: InMemorySpanExporter) -> None:
    """It says how many they are and is no one's own; what it causes goes on in it, each event named by its rows."""
    async with chain.first.service.database.transaction() as tx:
        with telemetry.span("order", SpanKind.INTERNAL):
            await tx.start_job("credit-many", {"ids": [str(chain.account_id)] * 25, "amount_rupiah": 5})
    await chain.first.run_jobs()
    async with running(chain.first):
        await until(lambda: published(chain.first))
    await chain.hear_and_tell(25)
    assert chain.batch_sizes == [25]
    steps = ("publish sample.credited.v1", "process sample.credited.v1", "publish mirror.seen.v1")
    (sent,), (heard,), (caused,) = (found(exporter, step) for step in steps)
    assert {trace_of(span) for span in (sent, heard, caused)} == {trace_of(found(exporter, "order")[0])}
    assert (parent_of(heard), parent_of(caused)) == (id_of(sent), id_of(heard))
    for span in (sent, heard, caused):
        assert dict(span.attributes or {}) == {"sinergi.events_count": 25}
    rows = await chain.second.fetch_all("SELECT headers FROM outbox")
    assert {row.headers["traceparent"].split("-")[2] for row in rows} == {f"{id_of(heard):016x}"}
    assert len({row.headers["ce_causationid"] for row in rows}) == 25


@pytest.mark.parametrize(("count", "spans_count"), [(EACH_LIMIT, EACH_LIMIT), (EACH_LIMIT + 1, 1)])
def test_few_of_a_trace_have_a_span_each(exporter: InMemorySpanExporter, count: int, spans_count: int) -> None:
    """Of one type: what is another's beside a crowd keeps its own."""
    with telemetry.span("order", SpanKind.INTERNAL) as context:
        crowd = [("sample.credited.v1", context, new_id(), new_id()) for _ in range(count)]
        made = EventSpans("process", SpanKind.CONSUMER, [*crowd, ("sample.closed.v1", context, new_id(), new_id())])
    for span in made.all:
        span.end()
    names = Counter(span.name for span in exporter.get_finished_spans())
    assert names == {"order": 1, "process sample.credited.v1": spans_count, "process sample.closed.v1": 1}
    assert len(made.contexts) == count + 1


async def test_a_crowd_of_which_a_part_was_refused_shows_as_failed(exporter: InMemorySpanExporter) -> None:
    """By the part: the span ends with all of them."""
    crowd = telemetry.tracer.start_span("publish sample.credited.v1")
    batch = RecordBatch(TopicPartition("credits", 0), Mock(), crowds={crowd})
    with pytest.raises(KafkaConnectionError):
        await batch.send(Mock(send_batch=AsyncMock(side_effect=KafkaConnectionError)))
    assert found(exporter, "publish sample.credited.v1") == []
    crowd.end()
    assert found(exporter, "publish sample.credited.v1")[0].status.description == "KafkaConnectionError"


async def test_a_batch_that_is_rolled_back_shows_as_failed_and_its_next_attempt_anew(
    sample: ServiceUnderTest, exporter: InMemorySpanExporter
) -> None:
    """Bisected down to the bad one: each good event has one span that took effect, whose child is what it caused."""
    good, bad = [record(ordered(account)) for account in (1, 2, 3)], record(ordered(4, amount_rupiah=2_000_000))
    await sample.processor().process([*good, bad])
    spans = found(exporter, "process outside.ordered.v1")
    rows = await sample.fetch_all("SELECT headers FROM outbox")
    effective = {told(span, "event_id"): span for span in spans if span.status.is_ok or span.status.is_unset}
    assert len(effective) == len(rows) == 3
    assert {span.status.description for span in spans if not (span.status.is_ok or span.status.is_unset)} == {"TooMuch"}
    for row in rows:
        cause = effective[row.headers["ce_causationid"]]
        assert row.headers["traceparent"].split("-")[2] == f"{id_of(cause):016x}"


async def test_an_event_that_comes_again_shows_as_a_repeat(
    sample: ServiceUnderTest, exporter: InMemorySpanExporter
) -> None:
    again = UUID(int=77)
    await sample.processor().process([record(ordered(1), event_id=again)])
    await sample.processor().process([record(ordered(1), event_id=again), record(ordered(2))])
    names = Counter(span.name for span in exporter.get_finished_spans())
    assert names == {"process outside.ordered.v1": 2, "repeat outside.ordered.v1": 1}
    assert told(found(exporter, "repeat outside.ordered.v1")[0], "event_id") == str(again)


async def test_a_timer_goes_on_in_the_trace_of_the_event_behind_it(
    sample: ServiceUnderTest, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set by a consumer for one event of a batch; the timer's span names what it told."""
    subjects = [UUID(int=account) for account in (1, 2)]

    async def set_timers(tx: Transaction, events: Sequence[Delivered[OrderedV1]]) -> None:
        data = {"amount_rupiah": 5}
        due = [(datetime.now(UTC), event.data.account_id, data) for event in events]
        await tx.schedule_all("interest", due, {event.data.account_id: event for event in events})

    monkeypatch.setitem(sample.service.consumers._handlers, "outside.ordered.v1", set_timers)
    await sample.processor().process([record(ordered(account)) for account in (1, 2)])
    await sample.run_timers()
    timers = {told(span, "subject_id"): span for span in found(exporter, "timer interest")}
    heard = found(exporter, "process outside.ordered.v1")
    assert set(timers) == {str(one) for one in subjects}
    assert {parent_of(span) for span in timers.values()} == {id_of(span) for span in heard}
    rows = await sample.fetch_all("SELECT event_id, subject FROM outbox")
    assert {row.subject: str(row.event_id) for row in rows} == {
        subject: told(span, "event_id") for subject, span in timers.items()
    }
