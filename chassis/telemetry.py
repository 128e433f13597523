"""Traces: one causal chain across HTTP, outbox, relay, Kafka and consumers is one trace."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.settings import ServiceSettings

Told = tuple[str, Context, UUID | str, UUID | str]
"""What a span must know of an event: type, context, id and case."""

tracer = trace.get_tracer("sinergi")
_propagator = TraceContextTextMapPropagator()
_told_unsampled: ContextVar[tuple[int, frozenset[str]]] = ContextVar("told_unsampled", default=(0, frozenset()))
"""A trace of which no spans are kept, and the cases it was about: logs name them all the same."""

CASE = "sinergi.case_id"
"""Attribute by which the spans of a case are found."""
EACH_LIMIT = 20
"""So many events of one trace that are handled together have a span each; more are a set-based act's and share one."""
KEPT_TRACESTATE_LIMIT = 512
NO_SPANS: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""FastAPI's own telemetry, on unless told otherwise: its spans bear path and query, which are the caller's text, and
begin a trace of their own where the request has no headers, as a row of a bulk order has none."""
QUEUED_SPANS_LIMIT = 16_384
"""Spans that wait for their export: a full batch and a job's chunk make thousands at once, and what is over is lost."""


def start_tracing(service: str, settings: ServiceSettings) -> TracerProvider:
    """Export spans as the settings say. Without an exporter there are traces too: logs and stored rows name them."""
    exporter = _exporter(settings)
    resource = Resource.create({"service.name": service, "deployment.environment.name": settings.deployment})
    sampler = ParentBased(TraceIdRatioBased(settings.traces_sample_ratio))
    provider = TracerProvider(resource=resource, sampler=sampler)
    if exporter is not None:
        processor = BatchSpanProcessor(exporter, max_queue_size=QUEUED_SPANS_LIMIT, schedule_delay_millis=1000)
        provider.add_span_processor(processor)
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
    found = trace.get_current_span(context).get_span_context()
    state = found.trace_state.to_header() if found.trace_state else ""
    return dict(_carried(found.trace_id, found.span_id, found.trace_flags, state))


@lru_cache(maxsize=64)
def _carried(trace_id: int, span_id: int, flags: TraceFlags, state: str) -> dict[str, str]:
    # A chunk of a job records thousands of events within one span.
    known = SpanContext(trace_id, span_id, False, flags, TraceState.from_header([state] if state else []))
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, trace.set_span_in_context(NonRecordingSpan(known)))
    return carrier


def resume(carrier: Mapping[str, str]) -> Context:
    """The context that `carry` stored."""
    traceparent, tracestate = carrier.get("traceparent"), carrier.get("tracestate")
    if tracestate and len(tracestate) > KEPT_TRACESTATE_LIMIT:
        # Somebody else's text: what is kept must not grow with it.
        return _propagator.extract(carrier)
    return _resumed(traceparent, tracestate)


@lru_cache(maxsize=4096)
def _resumed(traceparent: str | None, tracestate: str | None) -> Context:
    # A chunk of a job, and in an unsampled trace whatever it causes, names one and the same span thousands of times.
    stored = {"traceparent": traceparent, "tracestate": tracestate}
    return _propagator.extract({name: value for name, value in stored.items() if value})


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
            fail(current, error)
            raise


class EventSpans:
    """Spans for one step of events that are handled together, each a child of its event's own context.

    A crowd of one type in one trace shares a span, child of the first one's context, which says how many they are
    (decision 0042). In a trace that is not sampled there is none, and what follows continues in the context that came.
    Whoever asked ends the spans.
    """

    def __init__(self, step: str, kind: trace.SpanKind, events: Sequence[Told]) -> None:
        self._step, self._kind = step, kind
        self.own: list[trace.Span | None] = []
        """The span that each event has for itself."""
        self.crowd: list[trace.Span | None] = []
        """The span that each event shares."""
        self.contexts: list[Context] = []
        """In which each event goes on."""
        self._crowds: dict[tuple[int, str], tuple[trace.Span, Context]] = {}
        kept = [_kept_trace(context) for _, context, _, _ in events]
        counts = Counter((trace_id, event[0]) for trace_id, event in zip(kept, events, strict=True) if trace_id)
        for trace_id, event in zip(kept, events, strict=True):
            count = counts[trace_id, event[0]] if trace_id else 0
            self._add(event, None if trace_id is None else (trace_id, event[0]), count)

    @property
    def shared(self) -> list[trace.Span]:
        """The spans of crowds."""
        return [span for span, _ in self._crowds.values()]

    @property
    def all(self) -> list[trace.Span]:
        """Every span, once."""
        return [*filter(None, self.own), *self.shared]

    def _add(self, event: Told, place: tuple[int, str] | None, count: int) -> None:
        type_, context, event_id, case = event
        own: trace.Span | None = None
        shared: trace.Span | None = None
        if place is not None and count > EACH_LIMIT:
            if place not in self._crowds:
                span = self._start(type_, context, {"sinergi.events_count": count})
                # Not recording: what each of them causes is not noted on it, or it would bear the ids of one of them.
                self._crowds[place] = span, trace.set_span_in_context(NonRecordingSpan(span.get_span_context()))
            shared, context = self._crowds[place]
        elif place is not None:
            own = self._start(type_, context, {"sinergi.event_id": str(event_id), CASE: str(case)})
            context = trace.set_span_in_context(own, context)
        self.own.append(own)
        self.crowd.append(shared)
        self.contexts.append(context)

    def _start(self, type_: str, parent: Context, attributes: Mapping[str, str | int]) -> trace.Span:
        return tracer.start_span(f"{self._step} {type_}", parent, kind=self._kind, attributes=attributes)


def _kept_trace(context: Context) -> int | None:
    """The trace of which spans are kept; 0 where none has begun yet, None where none is kept."""
    found = trace.get_current_span(context).get_span_context()
    return None if found.is_valid and not found.trace_flags.sampled else found.trace_id


def note_event(context: Context | None, event_type: str, event_id: UUID, case: UUID) -> None:
    """Say on the span in which an event is recorded which one it is.

    Every event is named in the span's list (the newest 128); the first one's ids are attributes too, by which the
    request, timer or job is found, unless the span has its own: a consumer's is that of the event it heard.
    """
    current = trace.get_current_span(context)
    if not current.is_recording():
        _note_unsampled(current.get_span_context().trace_id, case)
        return
    ids = {"sinergi.event_id": str(event_id), CASE: str(case)}
    current.add_event(f"record {event_type}", ids)
    if "sinergi.event_id" not in (getattr(current, "attributes", None) or {}):
        current.set_attributes(ids)


def _note_unsampled(trace_id: int, case: UUID) -> None:
    known_id, cases = _told_unsampled.get()
    if known_id != trace_id:
        _told_unsampled.set((trace_id, frozenset({str(case)})))
    elif len(cases) < 2:
        # One is named by logs, and two are several: more need not be kept.
        _told_unsampled.set((trace_id, cases | {str(case)}))


def fail(current: trace.Span, error: BaseException) -> None:
    """Mark a span as failed, by the class of the error only: texts of exceptions quote values."""
    current.set_status(StatusCode.ERROR, type(error).__name__)


@contextmanager
def ended_together() -> Iterator[list[trace.Span]]:
    """Spans of events that take effect together: all end with the block, and all failed if it does."""
    spans: list[trace.Span] = []
    try:
        yield spans
    except BaseException as error:
        for each in spans:
            fail(each, error)
        raise
    finally:
        for each in spans:
            each.end()


def current_trace_id(context: Context | None = None) -> str | None:
    """Hexadecimal trace id of the running step, or of a stored context, if it is traced."""
    found = trace.get_current_span(context).get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else None


def current_case_id() -> str | None:
    """The case of the running step, if its span knows one; None where it is about several, as a job's chunk is."""
    current = trace.get_current_span()
    told = (getattr(current, "attributes", None), *(event.attributes for event in getattr(current, "events", ())))
    cases = {str(attributes[CASE]) for attributes in told if attributes and CASE in attributes}
    unsampled = _told_unsampled.get()
    if not current.is_recording() and unsampled[0] == current.get_span_context().trace_id:
        cases |= unsampled[1]
    return cases.pop() if len(cases) == 1 else None


def without_query(current: trace.Span, scope: Mapping[str, Any]) -> None:
    """Hook of the HTTP spans: address and query are the caller's text (a NIK, a search) and stay out of traces.

    What remains is the route's own form; its ids stand on the events that the request records.
    """
    if current.is_recording():
        route = str((getattr(current, "attributes", None) or {}).get("http.route", ""))
        for name in ("http.url", "http.target", "url.full", "url.path"):
            current.set_attribute(name, route)
        current.set_attribute("url.query", "")
