"""Outbox rows as batches of records, each for one partition: the broker answers for a batch, not for every record."""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson
from aiokafka import TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.producer.message_accumulator import BatchBuilder
from opentelemetry.trace import Span, SpanKind

from chassis.broker import RelayProducer
from chassis.partitions import partition_of
from chassis.telemetry import EventSpans, carry, fail, resume

Headers = list[tuple[str, bytes]]


@dataclass(slots=True)
class RecordBatch:
    """Records of one partition, in the order of their rows."""

    place: TopicPartition
    builder: BatchBuilder
    rows: list[asyncpg.Record] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    """Of its rows only: they end with the broker's answer."""
    crowds: set[Span] = field(default_factory=set)
    """Of rows of other batches too: whoever sends all of them ends these."""

    def append(self, row: asyncpg.Record, key: bytes, headers: Headers, span: Span | None, crowd: Span | None) -> bool:
        """Add a row; False when the batch is full. An empty one takes any row."""
        if self.builder.append(timestamp=None, key=key, value=row["body"], headers=headers) is None:
            return False
        self.rows.append(row)
        if span is not None:
            self.spans.append(span)
        if crowd is not None:
            self.crowds.add(crowd)
        return True

    async def send(self, producer: RelayProducer) -> "asyncio.Future[Any]":
        """Hand the batch to the producer; the future ends with the broker's answer. Raises KafkaError."""
        # Closed, it is sent at once: there is nothing to linger for.
        self.builder.close()
        try:
            future: asyncio.Future[Any] = await producer.send_batch(
                self.builder, self.place.topic, partition=self.place.partition
            )
        except BaseException as error:
            self._end(error)
            raise
        if self.spans or self.crowds:
            future.add_done_callback(
                lambda sent: self._end(asyncio.CancelledError() if sent.cancelled() else sent.exception())
            )
        return future

    def _end(self, error: BaseException | None) -> None:
        """A row that failed is sent again, in a span of its own."""
        if error is not None:
            for span in (*self.spans, *self.crowds):
                fail(span, error)
        for span in self.spans:
            span.end()


def pack(
    producer: RelayProducer, rows: Sequence[asyncpg.Record], one_by_one: Collection[str], shared: list[Span]
) -> list[RecordBatch]:
    """The rows as batches, in an order in which no row goes before an earlier one of its key.

    All topics are known to the producer. Rows of the topics `one_by_one` have a batch each: one of several was refused
    as too large, and what is too large must be found. Spans of rows of several batches are added to `shared`, which the
    caller ends.
    """
    partitions = {topic: _partitions(producer, topic) for topic in {row["topic"] for row in rows}}
    batches: list[RecordBatch] = []
    newest: dict[TopicPartition, RecordBatch] = {}
    for row, (headers, *spans) in zip(rows, _dressed(rows, shared), strict=True):
        topic, key, known = row["topic"], row["key"].encode(), partitions[row["topic"]]
        place = TopicPartition(topic, partition_of(key, known))
        batch = newest.get(place)
        if batch is None or topic in one_by_one or not batch.append(row, key, headers, *spans):
            batch = newest[place] = RecordBatch(place, producer.create_batch())
            batch.append(row, key, headers, *spans)
            batches.append(batch)
    return batches


def waves(batches: Sequence[RecordBatch]) -> list[list[RecordBatch]]:
    """The nth batch of every partition together.

    The next one of a partition goes out when the one before was taken: a broker that has not heard of this producer yet
    takes any first batch, also the one behind a batch it refused.
    """
    found: list[list[RecordBatch]] = []
    counts: Counter[TopicPartition] = Counter()
    for batch in batches:
        place = counts[batch.place]
        counts[batch.place] += 1
        if place == len(found):
            found.append([])
        found[place].append(batch)
    return found


def _partitions(producer: RelayProducer, topic: str) -> list[int]:
    known: set[int] | None = producer.client.cluster.partitions_for_topic(topic)
    if not known:
        # Gone since it was looked for: the relay begins anew, and avoids it.
        raise UnknownTopicOrPartitionError(topic)
    return sorted(known)


def _dressed(rows: Sequence[asyncpg.Record], shared: list[Span]) -> list[tuple[Headers, Span | None, Span | None]]:
    stored: list[dict[str, str]] = [orjson.loads(row["headers"]) for row in rows]
    told = [
        (row["type"], resume(headers), headers["ce_id"], headers.get("ce_correlationid", ""))
        for row, headers in zip(rows, stored, strict=True)
    ]
    spans = EventSpans("publish", SpanKind.PRODUCER, told)
    shared += spans.shared
    for headers, context, (_, before, _, _) in zip(stored, spans.contexts, told, strict=True):
        if context is not before:
            headers |= carry(context)
    encoded = [[(name, value.encode()) for name, value in headers.items()] for headers in stored]
    return list(zip(encoded, spans.own, spans.crowd, strict=True))
