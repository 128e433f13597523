"""Asking the log for records: when that last worked, and past a record that the client library cannot read."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.logs import logger
from chassis.records import UNREADABLE_HEADERS

log = logger(__name__)

Records = tuple[ConsumerRecord[Any, Any], ...]


class Poll:
    """Asks, and knows when. Takes the place of a subscriber's `get_msg`, the only step between log and parser."""

    def __init__(self, ask: Callable[[AIOKafkaConsumer], Awaitable[Records]], batch_size: int) -> None:
        self._ask = ask
        self._batch_size = batch_size
        self.asked_at = time.monotonic()
        """When (monotonic) the log was last asked; old while a batch is being processed, or when the loop is dead."""
        self.heard_at = time.monotonic()
        """When (monotonic) it last gave anything."""
        self.hears = False
        """Whether the last answer held anything: it may still be in the works."""

    async def __call__(self, consumer: AIOKafkaConsumer) -> Records:
        """The next records; empty when there are none."""
        self.asked_at, self.hears = time.monotonic(), False
        positions = positions_of(consumer)
        try:
            records = await self._ask(consumer)
        except UnicodeDecodeError:
            # A header *name* that is not UTF-8 fails inside the client, before any parser of ours, and would fail so
            # for ever: everything behind it would wait.
            log.error("record_unreadable_by_client")
            records = await self._one_by_one(consumer, positions)
        if records:
            self.heard_at, self.hears = time.monotonic(), True
        return records

    async def _one_by_one(self, consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> Records:
        found: list[ConsumerRecord[Any, Any]] = []
        for partition in sorted(consumer.assignment()):
            # What was fetched is dropped: its reading stopped somewhere in the middle, and what the client had taken
            # from other partitions before, it has lost with its error.
            start = positions[partition] if partition in positions else await consumer.position(partition)
            consumer.seek(partition, start)
            found += await self._of_partition(consumer, partition)
        return tuple(found)

    async def _of_partition(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition
    ) -> list[ConsumerRecord[Any, Any]]:
        found: list[ConsumerRecord[Any, Any]] = []
        while len(found) < self._batch_size:
            try:
                records = (await consumer.getmany(partition, timeout_ms=300, max_records=1)).get(partition, [])
            except UnicodeDecodeError:
                offset = await consumer.position(partition)
                consumer.seek(partition, offset + 1)
                records = [_placeholder(partition, offset)]
            if not records:
                break
            found += records
        return found


def records_of(found: Mapping[TopicPartition, Sequence[ConsumerRecord[Any, Any]]]) -> Records:
    """Of all partitions the client answered with, each in its order."""
    return tuple(chain.from_iterable(found.values()))


def positions_of(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """Where the client stands, as far as it knows by now: asking it the public way would wait until it does."""
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    states = {} if assignment is None else {each: assignment.state_value(each) for each in assignment.tps}
    return {each: state.position for each, state in states.items() if state.has_valid_position}


def _placeholder(partition: TopicPartition, offset: int) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord(
        topic=partition.topic,
        partition=partition.partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=None,
        value=None,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=UNREADABLE_HEADERS,
    )
