"""Events from their topics, from the beginning to where the live consumer has got."""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy import text

from chassis.polling import Poll, Records, records_of
from chassis.replay.generations import Generations, ReplayRefused

POLL_TIMEOUT_MS = 200

_OFFSETS = text(
    "SELECT topic, partition, next_offset FROM stored_offset WHERE consumer = :consumer AND log_identity = :log"
)


class Topics:
    """Reads all partitions without a group: the live consumer's own reading is not touched.

    Never beyond the live consumer's stored offsets, so that both generations are made of the same records.
    """

    offsets_of_live = False
    """The rebuilt generation goes on at its own offsets."""

    def __init__(self, bootstrap_servers: str, topics: Sequence[str], batch_size: int) -> None:
        self.log_identity = ""
        self._bootstrap_servers = bootstrap_servers
        self._topics = topics
        self._batch_size = batch_size
        self._goal: dict[TopicPartition, int] = {}
        self._at: dict[TopicPartition, int] = {}
        self._consumer: Any = None

    async def open(self, generations: Generations) -> int:
        """Connect, and return how many records there are to read. Raises ReplayRefused."""
        self._generations = generations
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            enable_auto_commit=False,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=100,
        )
        self._poll = Poll(self._ask, self._batch_size)
        try:
            await self._consumer.start()
            self._assign(await self._partitions())
        except (KafkaError, OSError) as error:
            raise ReplayRefused(
                f"Kafka at {self._bootstrap_servers} does not answer: {type(error).__name__}"
            ) from error
        await self._look_ahead()
        await self._require_all_of_it()
        return sum(self._goal.values())

    async def _partitions(self) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap_servers)
        await admin.start()
        try:
            self.log_identity = str((await admin.describe_cluster())["cluster_id"])
            described = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
        finally:
            await admin.close()
        if missing := [topic for topic in self._topics if topic not in described]:
            raise ReplayRefused(f"{', '.join(missing)}: no such topic; replay from the archives")
        return [TopicPartition(topic, one["partition"]) for topic in self._topics for one in described[topic]]

    def _assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._consumer.assign(partitions)
        for partition in partitions:
            self._consumer.seek(partition, 0)
        self._at = dict.fromkeys(partitions, 0)

    async def _require_all_of_it(self) -> None:
        begins = await self._consumer.beginning_offsets(list(self._at))
        ends = await self._consumer.end_offsets(list(self._at))
        cut = sorted({one.topic for one in self._at if begins[one] or ends[one] < self._goal[one]})
        if cut:
            raise ReplayRefused(f"{', '.join(cut)}: part of what was read is gone; replay from the archives")

    async def _look_ahead(self) -> None:
        consumers = await self._generations.consumers()
        found = await self._generations.fetch_all(_OFFSETS, {"consumer": consumers["live"], "log": self.log_identity})
        stored = {TopicPartition(row.topic, row.partition): row.next_offset for row in found}
        self._goal = {partition: stored.get(partition, 0) for partition in self._at}

    async def next(self, *, held: bool) -> Sequence[ConsumerRecord[Any, Any]] | None:
        """The next records that the live consumer has read; None when there are none, empty to ask again."""
        del held  # Where the live consumer stands is looked up again in either case.
        if not self._behind():
            await self._look_ahead()
            if not self._behind():
                return None
        records = await self._poll(self._consumer)
        return [record for record in records if self._take(record)]

    def _behind(self) -> bool:
        return any(self._at[partition] < offset for partition, offset in self._goal.items())

    def _take(self, record: ConsumerRecord[Any, Any]) -> bool:
        partition = TopicPartition(record.topic, record.partition)
        if record.offset >= self._goal[partition]:
            # Read too far: the next look begins here again. Only the first of them finds its place.
            if record.offset == self._at[partition]:
                self._consumer.seek(partition, record.offset)
            return False
        self._at[partition] = record.offset + 1
        return True

    async def _ask(self, consumer: AIOKafkaConsumer) -> Records:
        behind = [partition for partition, offset in self._goal.items() if self._at[partition] < offset]
        return records_of(await consumer.getmany(*behind, timeout_ms=POLL_TIMEOUT_MS, max_records=self._batch_size))

    async def settle(self) -> None:
        """Nothing to wait for: it never reads more than the live consumer has."""

    async def close(self) -> None:
        """Leave the broker."""
        if self._consumer is not None:
            await self._consumer.stop()
