"""The instruments of one process, by the OpenTelemetry API, and how Prometheus reads them."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest

from chassis.outbox import Outgoing

CONTENT_TYPE = CONTENT_TYPE_LATEST
Labels = Mapping[str, str]
Values = Sequence[tuple[float, Labels]]

GAUGES: Final = {
    "sinergi_ready": "1 when the process can do its work",
    "sinergi_readiness_problem": "1 for each reason why it cannot",
    "sinergi_outbox_depth": "Events not yet acknowledged by the broker, counted to 100,000",
    "sinergi_outbox_oldest_age_seconds": "Age of the oldest of them, without held ones and what waits behind them",
    "sinergi_outbox_held_rows": "Events the broker refused for good; later ones of their keys wait",
    "sinergi_relay_leader": "1 when this process publishes its service's outbox",
    "sinergi_relay_beat_age_seconds": "Time since the leading relay's last sign of life",
    "sinergi_consumer_lag_records": "Records of the topic that the consumer has not processed",
    "sinergi_consumer_oldest_age_seconds": "Age of the topic's oldest record that the consumer has not processed",
    "sinergi_consumer_paused": "1 while the consumer suspects a bad release and parks nothing more",
    "sinergi_parked_messages": "Messages set aside, by reason",
    "sinergi_parked_oldest_age_seconds": "Time since the first attempt at the message set aside longest",
    "sinergi_jobs": "Jobs queued, running and failed",
    "sinergi_timers_overdue": "Timers that could fire and did not yet, counted to 1,000",
    "sinergi_timers_oldest_overdue_seconds": "How long the timer that waits longest could have fired",
    "sinergi_timers_failing": "Timers that failed and are tried again later",
}
"""Gauges shown as they were last sampled: a scrape asks nobody."""

SAMPLE_AGE: Final = "sinergi_sample_age_seconds"
REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
BATCH_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
BATCH_RECORDS: Final = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)


class Metrics:
    """Counters and histograms are written as things happen, gauges by the samplers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        reader = PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False, registry=self._registry)
        self._meter = MeterProvider(metric_readers=[reader], shutdown_on_exit=False).get_meter("sinergi")
        self._shown: dict[str, Values] = {}
        self._sampled_at: dict[str, float] = {}
        for name, description in GAUGES.items():
            self._meter.create_observable_gauge(name, [self._shower(name)], description=description)
        self._meter.create_observable_gauge(SAMPLE_AGE, [self._ages], description="Age of the gauges by their source")
        self._make_counters()
        self._make_histograms()
        # Shown as 0 before anything happens: the first failure then counts as an increase, whatever its route.
        self._requests.add(0)
        self._failures.add(0)

    def _make_counters(self) -> None:
        counter = self._meter.create_counter
        self._recorded = counter("sinergi_events_recorded", description="Events of committed transactions, by type")
        self._rupiah = counter("sinergi_events_recorded_rupiah", description="Rupiah told by them, by type and field")
        self._processed = counter("sinergi_consumer_events_processed", description="Events that took effect, by type")
        self._skipped = counter("sinergi_consumer_events_skipped", description="Events passed over, by type")
        self._requests = counter("sinergi_http_requests", description="Requests, all routes together")
        self._failures = counter("sinergi_http_failures", description="Requests answered 5xx, all routes together")
        self._retries = counter("sinergi_consumer_batch_retries", description="Batches tried again, by error")

    def _make_histograms(self) -> None:
        histogram = self._meter.create_histogram
        self._request_seconds = histogram(
            "sinergi_http_request_duration_seconds",
            description="Requests by route template, method and status",
            explicit_bucket_boundaries_advisory=REQUEST_SECONDS,
        )
        self._batch_seconds = histogram(
            "sinergi_consumer_batch_duration_seconds",
            description="A batch from its records to the end of its commit",
            explicit_bucket_boundaries_advisory=BATCH_SECONDS,
        )
        self._batch_records = histogram(
            "sinergi_consumer_batch_records",
            description="Records of a batch that took effect",
            explicit_bucket_boundaries_advisory=BATCH_RECORDS,
        )

    def expect(self, published: Mapping[str, Sequence[str]], consumer: str, heard: Iterable[str]) -> None:
        """Show what can happen as 0 from the start: the first of its kind then counts as an increase.

        `published` gives each type's rupiah fields.
        """
        for type_, fields in published.items():
            self._recorded.add(0, {"type": type_})
            for field in fields:
                self._rupiah.add(0, {"type": type_, "field": field})
        for type_ in heard:
            self._processed.add(0, {"consumer": consumer, "type": type_})

    def show(self, name: str, values: Values) -> None:
        """From now on the gauge has these values and no others. `name` is one of `GAUGES`."""
        self._shown[name] = values

    def sampled(self, source: str) -> None:
        """The gauges from this source are of this moment."""
        self._sampled_at[source] = time.monotonic()

    def recorded(self, events: Sequence[Outgoing]) -> None:
        """These events are committed: never called for what was rolled back."""
        rupiah: Counter[tuple[str, str]] = Counter()
        for event in events:
            for field, amount_rupiah in event.rupiah.items():
                rupiah[event.type, field] += amount_rupiah
        for type_, count in Counter(event.type for event in events).items():
            self._recorded.add(count, {"type": type_})
        for (type_, field), amount_rupiah in rupiah.items():
            self._rupiah.add(amount_rupiah, {"type": type_, "field": field})

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.add(1)
        if status >= 500:
            self._failures.add(1)
        self._request_seconds.record(seconds, {"method": method, "route": route, "status": str(status)})

    def batch(
        self, consumer: str, records: int, seconds: float, processed: Iterable[str], skipped: Iterable[str]
    ) -> None:
        """A batch is committed, with the types of what took effect and of what was passed over."""
        self._batch_records.record(records, {"consumer": consumer})
        self._batch_seconds.record(seconds, {"consumer": consumer})
        for type_, count in Counter(processed).items():
            self._processed.add(count, {"consumer": consumer, "type": type_})
        for type_, count in Counter(skipped).items():
            self._skipped.add(count, {"consumer": consumer, "type": type_})

    def retried(self, consumer: str, error: str) -> None:
        """A batch did not succeed and will be tried again; `error` is a class name."""
        self._retries.add(1, {"consumer": consumer, "error": error})

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)

    def _shower(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _options: [Observation(value, labels) for value, labels in self._shown.get(name, ())]

    def _ages(self, _options: CallbackOptions) -> Iterable[Observation]:
        now = time.monotonic()
        return [Observation(now - at, {"source": source}) for source, at in self._sampled_at.items()]
