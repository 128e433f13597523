"""What reaches a trace: ids and classes of errors, never the text of an exception, which quotes values."""

from collections.abc import Iterator

import pytest
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from chassis import telemetry
from chassis.auth import Role
from chassis.telemetry import without_query
from tests.support.service import ServiceUnderTest

CANARY = "SITI-AMINAH-3328991505900001"


@pytest.fixture
def spans(sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Spans of the sample's requests and of the chassis, kept in memory."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "tracer", provider.get_tracer("test"))
    FastAPIInstrumentor.instrument_app(sample.service.app, tracer_provider=provider, server_request_hook=without_query)
    yield exporter
    FastAPIInstrumentor.uninstrument_app(sample.service.app)


async def test_an_error_of_the_database_leaves_no_value_in_a_trace(
    sample: ServiceUnderTest, spans: InMemorySpanExporter
) -> None:
    """Row-level security refuses the row; driver and database would both quote it."""
    officer = sample.as_(Role.PETUGAS, region="33.28.04")
    body = {"account_id": "00000000-0000-0000-0000-000000000001", "amount_rupiah": 5, "region_code": CANARY}
    response = await officer.post(f"/credits?note={CANARY}", json=body)
    assert response.status_code == 403
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
