"""The broker watched from outside the consumer: whether it answers, and what the consumer has not processed yet.

The consumer itself cannot tell: one that is idle asks a dead broker for nothing, one that hangs counts nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.logs import logger
from chassis.metrics.instruments import Metrics
from chassis.workers import pause

log = logger(__name__)

WATCH_SECONDS = 5.0
ANSWER_SECONDS = 4.0
SILENT_SECONDS = 10.0
"""A broker silent for so long is gone; a shorter silence is a restart or a slow answer."""
OLDEST_SECONDS = 1.5
_LOOK_AGAIN_SECONDS = 0.02
_FETCH_BYTES = 16 * 1024
"""Of each partition only its oldest record is wanted."""

Positions = Mapping[TopicPartition, int]


class Backlog:
    """Asks the broker for the ends of the topics heard, and compares them with the positions stored."""

    def __init__(
        self, *, consumer: str, bootstrap_servers: str, topics: Sequence[str], metrics: Metrics,
        positions: Callable[[], Awaitable[Positions | None]],
    ) -> None:  # fmt: skip
        self._consumer = consumer
        self._bootstrap_servers = bootstrap_servers
        self._topics = topics
        self._positions = positions
        self._metrics = metrics
        self._answered_at = time.monotonic()
        self._oldest_known: dict[TopicPartition, tuple[int, float]] = {}
        """Of each partition with lag its position, and since when (epoch) what lies there is known to wait."""

    def problems(self) -> list[str]:
        """`broker_unreachable` when it has not answered for `SILENT_SECONDS`."""
        return ["broker_unreachable"] if time.monotonic() - self._answered_at > SILENT_SECONDS else []

    async def run(self, stopping: asyncio.Event) -> None:
        """Watch until told to stop; a broker that is away is asked again, by a fresh client."""
        self._answered_at = time.monotonic()
        self._metrics.sampled("broker")
        while not stopping.is_set():
            try:
                await self._watch(stopping)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("broker_not_answering", error=type(error).__name__)
                await pause(stopping, 1)

    async def _watch(self, stopping: asyncio.Event) -> None:
        client = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._bootstrap_servers,
            client_id=f"{self._consumer}-backlog",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await client.start()
            while not stopping.is_set():
                async with asyncio.timeout(ANSWER_SECONDS):
                    await client.topics()
                self._answered_at = time.monotonic()
                await self._measure(client)
                await pause(stopping, WATCH_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.stop(), 2)

    async def _measure(self, client: AIOKafkaConsumer) -> None:
        partitions = client.assignment()
        # Between two looks nothing is fetched.
        client.pause(*partitions)
        try:
            stored = await self._positions()
        except Exception as error:
            log.warning("stored_offsets_unavailable", error=type(error).__name__)
            return
        if stored is None:
            return
        async with asyncio.timeout(ANSWER_SECONDS):
            ends = await client.end_offsets(partitions) if partitions else {}
            begins = await client.beginning_offsets(partitions) if partitions else {}
        next_offsets = {one: max(stored.get(one, 0), begins[one]) for one in partitions}
        lags = {one: max(0, ends[one] - next_offsets[one]) for one in partitions}
        lagging = {one: next_offsets[one] for one, lag in lags.items() if lag}
        self._remember(lagging, await self._oldest(client, lagging))
        self._show(lags)

    def _remember(self, lagging: Positions, read: Mapping[TopicPartition, float]) -> None:
        # What could not be read in time, or never can be, is no younger than it was at the last look.
        now, before = time.time(), self._oldest_known
        self._oldest_known = {}
        for partition, offset in lagging.items():
            known_offset, known_at = before.get(partition, (offset, now))
            waits_since = known_at if known_offset == offset else now
            self._oldest_known[partition] = (offset, read.get(partition, waits_since))

    def _show(self, lags: Mapping[TopicPartition, int]) -> None:
        now = time.time()
        lag_of, age_of = dict.fromkeys(self._topics, 0), dict.fromkeys(self._topics, 0.0)
        for partition, lag in lags.items():
            lag_of[partition.topic] += lag
        for partition, (_, recorded_at) in self._oldest_known.items():
            age_of[partition.topic] = max(age_of[partition.topic], now - recorded_at)
        labels = {topic: {"consumer": self._consumer, "topic": topic} for topic in self._topics}
        self._metrics.show("sinergi_consumer_lag_records", [(lag_of[topic], labels[topic]) for topic in labels])
        self._metrics.show("sinergi_consumer_oldest_age_seconds", [(age_of[topic], labels[topic]) for topic in labels])
        self._metrics.sampled("broker")

    async def _oldest(self, client: AIOKafkaConsumer, positions: Positions) -> dict[TopicPartition, float]:
        """When the record at each position was written, in seconds since the epoch; what answers in time."""
        found: dict[TopicPartition, float] = {}
        for partition, offset in positions.items():
            client.seek(partition, offset)
            client.resume(partition)
        deadline, waiting = time.monotonic() + OLDEST_SECONDS, set(positions)
        while waiting and time.monotonic() < deadline:
            answered = {partition for partition in waiting if await self._read(client, partition, found)}
            client.pause(*answered)
            waiting -= answered
            if not answered:
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        client.pause(*positions)
        return {partition: recorded_at for partition, recorded_at in found.items() if recorded_at > 0}

    async def _read(
        self, client: AIOKafkaConsumer, partition: TopicPartition, found: dict[TopicPartition, float]
    ) -> bool:
        """Whether the partition has answered; its records are read one by one, since a later one may be junk."""
        try:
            records = (await client.getmany(partition, max_records=1)).get(partition, [])
        except UnicodeDecodeError:
            # A header name that the client library cannot read: there is a record, of an age that nobody can tell.
            return True
        if records:
            found[partition] = records[0].timestamp / 1000
        return bool(records)
