"""Traces: one causal chain across HTTP, outbox, relay, Kafka and consumers is one trace."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import StatusCode

from chassis.settings import ServiceSettings

tracer = trace.get_tracer("sinergi")


def start_tracing(service: str, settings: ServiceSettings) -> TracerProvider | None:
    """Export spans as the settings say; None when tracing is off."""
    exporter = _exporter(settings)
    if exporter is None:
        return None
    resource = Resource.create({"service.name": service, "deployment.environment.name": settings.deployment})
    sampler = ParentBased(TraceIdRatioBased(settings.traces_sample_ratio))
    provider = TracerProvider(resource=resource, sampler=sampler)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    trace.set_tracer_provider(provider)
    return provider


def _exporter(settings: ServiceSettings) -> SpanExporter | None:
    match settings.traces_exporter:
        case "zipkin":
            return ZipkinExporter(endpoint=settings.traces_endpoint)
        case "otlp":
            return OTLPSpanExporter(endpoint=settings.traces_endpoint)
        case _:
            return None


def carry(context: Context | None = None) -> dict[str, str]:
    """Trace headers to store beside an event, a timer or a job."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context)
    return carrier


def resume(carrier: Mapping[str, str]) -> Context:
    """The context that `carry` stored."""
    return propagate.extract(dict(carrier))


@contextmanager
def span(
    name: str,
    kind: trace.SpanKind,
    parent: Context | None = None,
    **attributes: str | int,
) -> Iterator[Context]:
    """Run a step as a span; yields its context. Attributes carry ids and codes only."""
    marked = {f"sinergi.{key}": value for key, value in attributes.items()}
    with tracer.start_as_current_span(
        name, parent, kind=kind, attributes=marked, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield trace.set_span_in_context(current, parent)
        except Exception as error:
            # The class only: texts of exceptions quote values.
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def current_trace_id() -> str | None:
    """Hexadecimal trace id of the running step, if it is traced."""
    found = trace.get_current_span().get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else None


def without_query(current: trace.Span, scope: Mapping[str, Any]) -> None:
    """Hook of the HTTP spans: a query string is the caller's text (a filename, a search) and stays out of traces."""
    if current.is_recording():
        for name in ("http.url", "http.target", "url.full"):
            current.set_attribute(name, str(scope["path"]))
        current.set_attribute("url.query", "")
