"""A batch of records to its effects: inbox, effects, events caused and stored offsets in one transaction."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from opentelemetry.trace import SpanKind
from sqlalchemy import text

from chassis.admission import about_record, admit, type_of
from chassis.consumer import Consumers
from chassis.database import Database, is_transient
from chassis.errors import Refusal
from chassis.events import Delivered
from chassis.failpoints import AFTER_HANDLER, reach
from chassis.logs import about, logger
from chassis.parking import Parking, ToPark
from chassis.projection import GenerationChanged, Projection, join
from chassis.records import Readable, RecordReader, Skipped
from chassis.runs import cut_into_runs
from chassis.telemetry import EventSpans, current_trace_id, fail
from chassis.transaction import Transaction
from chassis.writes import Write

log = logger(__name__)

RETRY_BUDGET_SECONDS = 120
"""Below `max_poll_interval_ms` (300 s): after it the batch goes back to the log and comes again."""
BAD_RELEASE_KEYS = 20
BAD_RELEASE_WINDOW_SECONDS = 86_400
"""So long as nobody has redriven them: a shorter look back would let a bad release park as many again each time."""

_NOTE_ARRIVED = text(
    """
    WITH arrived AS MATERIALIZED (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:ids AS uuid[]))
                                  AS arrived (source, event_id)),
    fresh AS (
        INSERT INTO inbox (consumer, source, event_id)
        SELECT :consumer, source, event_id FROM arrived ORDER BY source, event_id
        ON CONFLICT DO NOTHING RETURNING source, event_id)
    SELECT source, event_id FROM arrived EXCEPT SELECT source, event_id FROM fresh
    """
)
"""Gives those that took effect before: none, as a rule."""
_STORE_OFFSETS = """
    INSERT INTO stored_offset (consumer, log_identity, topic, partition, next_offset)
    SELECT :@consumer, :@log_identity, topic, partition, next_offset
    FROM unnest(CAST(:@topics AS text[]), CAST(:@partitions AS int[]), CAST(:@offsets AS bigint[]))
         AS read (topic, partition, next_offset)
    ORDER BY topic, partition
    ON CONFLICT (consumer, log_identity, topic, partition)
    DO UPDATE SET next_offset = greatest(stored_offset.next_offset, excluded.next_offset)
"""
# Only what lies beyond the stored offset: a batch that is delivered again was counted before.
_COUNT_SKIPPED = text(
    """
    INSERT INTO skipped_type (consumer, type, seen_count)
    SELECT :consumer, type, count(DISTINCT (topic, partition, log_offset))
    FROM unnest(CAST(:types AS text[]), CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]))
         AS skipped (type, topic, partition, log_offset)
    WHERE NOT EXISTS (
        SELECT 1 FROM stored_offset AS stored
        WHERE stored.consumer = :consumer AND stored.log_identity = :log_identity AND stored.topic = skipped.topic
        AND stored.partition = skipped.partition AND stored.next_offset > skipped.log_offset)
    GROUP BY type ORDER BY type
    ON CONFLICT (consumer, type) DO UPDATE SET seen_count = skipped_type.seen_count + excluded.seen_count
    """
)


class ConsumerPaused(Exception):
    """Many keys fail alike: a bad release, not bad data. Nothing more is parked for this reason meanwhile."""

    def __init__(self, reason: str, type_: str | None) -> None:
        super().__init__(reason)
        self.type = type_


class Processor:
    """Processes the records of one consumer of one service."""

    def __init__(
        self, service: str, database: Database, reader: RecordReader, consumers: Consumers, log_identity: str,
        projection: Projection | None = None,
    ) -> None:  # fmt: skip
        """`service` is the consumer's id; `projection` the generation it writes, if it writes one and nothing else."""
        self.consumer = service
        self.projection = projection
        self.database = database
        self.reader = reader
        self._consumers = consumers
        self.parking = Parking(service, log_identity)
        self.log_identity = log_identity
        self.paused_reason: str | None = None
        self._paused_type: str | None = None
        self.retry_budget_seconds: float = RETRY_BUDGET_SECONDS
        self.retrying_since: float | None = None
        """Since when (monotonic) nothing succeeds; kept across batches that go back to the log."""

    async def process(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Process all of the records; transient faults are retried in place, permanent ones parked.

        Raises the last transient fault when the retry budget is used up, and `GenerationChanged` when the projection
        was switched: nothing of what is left took effect.
        """
        deadline, pause_seconds = time.monotonic() + self.retry_budget_seconds, 0.1
        while True:
            try:
                await self._attempt(list(records))
            except GenerationChanged:
                raise
            except Exception as error:
                # Permanent errors were parked on the way; what arrives here is the outside, a pause, or parking itself.
                self.retrying_since = self.retrying_since or time.monotonic()
                self.database.metrics.retried(self.consumer, type(error).__name__)
                if isinstance(error, ConsumerPaused):
                    self.paused_reason, self._paused_type = str(error), error.type
                log.warning("batch_retried", after_seconds=pause_seconds, exc_info=error)
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(pause_seconds * 2, 10)
                if time.monotonic() > deadline:
                    raise
            else:
                self.retrying_since = None
                return

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction in which events take effect. Raises `GenerationChanged`."""
        async with self.database.transaction(planned_once=True) as tx:
            if self.projection is not None and await join(tx, self.projection) != self.consumer:
                raise GenerationChanged(self.projection.schema)
            yield tx

    async def adopt(self, tx: Transaction) -> None:
        """Let events take effect in a transaction that is open already: in the generation that is live by now."""
        if self.projection is not None:
            self.consumer = self.parking.consumer = await join(tx, self.projection)

    async def _attempt(self, records: list[ConsumerRecord[Any, Any]]) -> None:
        try:
            await self._in_one_transaction(records)
        except Exception as error:
            if is_transient(error) or isinstance(error, ConsumerPaused | GenerationChanged):
                raise
            if len(records) == 1:
                await self._park_failed(records[0], error)
                return
            # Bisect down to the message that fails. The first half commits before the second starts, and a key
            # parked in it holds its later messages back, so the order per key stays.
            middle = len(records) // 2
            await self._attempt(records[:middle])
            await self._attempt(records[middle:])

    async def _in_one_transaction(self, records: list[ConsumerRecord[Any, Any]]) -> None:
        began = time.monotonic()
        async with self.transaction() as tx:
            arrived = [self.reader.read(record) for record in records]
            readable = await admit(tx, self.parking, arrived)
            skipped = [item for item in arrived if isinstance(item, Skipped)]
            await self._count_skipped(tx, skipped)
            fresh = await self.fresh(tx, readable)
            for run in cut_into_runs(item.event for item in fresh):
                await self.handle(tx, run)
            reach(AFTER_HANDLER)
            self._store_offsets(tx, records)
        processed = [item.event.type for item in fresh]
        if self._paused_type in processed:
            self.paused_reason = self._paused_type = None
        passed_over = [self.reader.known(item.type) for item in skipped]
        seconds = time.monotonic() - began
        self.database.metrics.batch(self.consumer, len(records), seconds, processed, passed_over)

    async def _park_failed(self, record: ConsumerRecord[Any, Any], error: Exception) -> None:
        reason, detail = failure(error)
        type_ = type_of(self.reader.read(record))
        async with self.transaction() as tx:
            if not isinstance(error, Refusal):
                await self._refuse_bad_release(tx, reason, type_)
            await self.parking.park(tx, [ToPark(record, reason, detail, type_)])
            self._store_offsets(tx, [record])
        with about_record(record):
            log.error("message_parked", reason=reason, detail=detail, topic=record.topic, exc_info=error)

    async def _refuse_bad_release(self, tx: Transaction, reason: str, type_: str | None) -> None:
        # Only for errors nobody foresaw: junk and named refusals are the sender's, and a sender must not be able to
        # stop everybody else. Once paused it stays so until an event of the type takes effect: others prove nothing.
        many = await self.parking.recently_parked_keys(tx, reason, BAD_RELEASE_WINDOW_SECONDS) >= BAD_RELEASE_KEYS
        if many or self.paused_reason == reason:
            raise ConsumerPaused(reason, type_)

    async def _count_skipped(self, tx: Transaction, skipped: Sequence[Skipped]) -> None:
        if not skipped:
            return
        parameters = {
            "consumer": self.consumer,
            "log_identity": self.log_identity,
            "types": [item.type for item in skipped],
            "topics": [item.record.topic for item in skipped],
            "partitions": [item.record.partition for item in skipped],
            "offsets": [item.record.offset for item in skipped],
        }
        await tx.execute(_COUNT_SKIPPED, parameters)

    async def fresh(self, tx: Transaction, readable: Sequence[Readable]) -> list[Readable]:
        """The events never seen before: once each, also when the same one sits twice in this batch."""
        once = {item.identity: item for item in reversed(readable)}
        if not once:
            return []
        parameters = {
            "consumer": self.consumer,
            "sources": [source for source, _ in once],
            "ids": [event_id for _, event_id in once],
        }
        rows = await tx.fetch_all(_NOTE_ARRIVED, parameters)
        if not rows and len(once) == len(readable):
            return list(readable)
        seen: set[tuple[str, UUID]] = {(row.source, row.event_id) for row in rows}
        kept: list[Readable] = []
        repeats: list[Delivered[Any]] = []
        for item in readable:
            if item.identity not in seen:
                seen.add(item.identity)
                kept.append(item)
            else:
                repeats.append(item.event)
        tx.spans.extend(_spans("repeat", repeats).all)
        return kept

    async def handle(self, tx: Transaction, run: list[Delivered[Any]]) -> None:
        """Hand a run of one kind to its handler, each event in its own trace.

        The spans end with the transaction: a batch that is rolled back shows as failed, and its next attempt anew.
        """
        spans = _spans("process", run)
        tx.spans.extend(spans.all)
        # What an event causes continues in the span of its own processing, not in the batch's.
        traced = [
            event if context is event.context else event._replace(context=context)
            for event, context in zip(run, spans.contexts, strict=True)
        ]
        try:
            with _about_run(traced):
                await self._consumers.handle(tx, traced)
        except Exception as error:
            for span in spans.all:
                fail(span, error)
            raise

    def _store_offsets(self, tx: Transaction, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        following: dict[tuple[str, int], int] = {}
        for record in records:
            place = (record.topic, record.partition)
            following[place] = max(following.get(place, 0), record.offset + 1)
        parameters = {
            "consumer": self.consumer,
            "log_identity": self.log_identity,
            "topics": [topic for topic, _ in following],
            "partitions": [partition for _, partition in following],
            "offsets": list(following.values()),
        }
        tx.later(Write(_STORE_OFFSETS, parameters))


def failure(error: Exception) -> tuple[str, str]:
    """Reason and detail of a failure, free of personal data: class names, codes, refusal facts that are codes."""
    if isinstance(error, Refusal):
        return error.code, ",".join(sorted(error.facts))
    return type(error).__name__, str(getattr(getattr(error, "orig", None), "sqlstate", "") or "")


def _spans(step: str, events: Sequence[Delivered[Any]]) -> EventSpans:
    return EventSpans(step, SpanKind.CONSUMER, [(each.type, each.context, each.id, each.case) for each in events])


def _about_run(run: Sequence[Delivered[Any]]) -> AbstractContextManager[None]:
    """A line about several events is none's own; but what fails is bisected down to a run of one."""
    if len(run) > 1:
        return nullcontext()
    return about(trace_id=current_trace_id(run[0].context), event_id=run[0].id, case_id=run[0].case)
