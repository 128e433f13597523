"""Which partitions the group gave this consumer, and from where it reads them: from where its database has got to."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from chassis.logs import logger

log = logger(__name__)


class SeekToStored(ConsumerRebalanceListener):  # type: ignore[misc]
    """On assignment, go to where this database has got to: nothing else decides what is read next."""

    def __init__(self, positions: Callable[[], Awaitable[dict[TopicPartition, int]]]) -> None:
        self._positions = positions
        self.consumer: Callable[[], AIOKafkaConsumer | None] = lambda: None
        self.waits_since: float | None = time.monotonic()
        """Since when (monotonic) the group owes this member its share; None when it has it, be it nothing."""
        self.shared = False
        """Whether there ever was a share."""

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing is stored: offsets are, with every batch."""
        self.waits_since = time.monotonic()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Seek every assigned partition; a fresh database begins at the beginning."""
        consumer = self.consumer()
        if consumer is not None and assigned:
            # The client fetches from where it thinks best while this waits for the database: the beginning, or an
            # offset that a tool left in Kafka. Records from there would take effect, store their offset, and
            # everything between the two would never be heard.
            consumer.pause(*assigned)
            stored = await self._stored()
            for partition in assigned:
                consumer.seek(partition, stored.get(partition, 0))
            consumer.resume(*assigned)
        self.waits_since, self.shared = None, True

    async def _stored(self) -> dict[TopicPartition, int]:
        # Going on from anywhere else because the database is away for a moment would skip events: wait for it.
        while True:
            try:
                return await self._positions()
            except Exception as error:
                log.warning("stored_offsets_unavailable", error=type(error).__name__)
                await asyncio.sleep(1)
