"""Where the full floor has got to in its topic: kept with the effects, by hand; Kafka is told nothing."""

from collections.abc import Mapping
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition


async def store_offsets(connection: asyncpg.Connection, batch: Mapping[TopicPartition, Any]) -> None:
    """What follows this batch, in the transaction of its effects."""
    following = {place: records[-1].offset + 1 for place, records in batch.items()}
    await connection.execute(
        "INSERT INTO stored_offset SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[])"
        " ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
        [place.topic for place in following], [place.partition for place in following], list(following.values()),
    )  # fmt: skip


class SeekToStored(ConsumerRebalanceListener):  # type: ignore[misc]
    """On assignment, go on from what is stored: a fresh database begins at the beginning."""

    def __init__(self, consumer: AIOKafkaConsumer, database_url: str) -> None:
        self._consumer = consumer
        self._database_url = database_url

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing to do: offsets are stored with every batch."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Fetch nothing from anywhere else meanwhile."""
        self._consumer.pause(*assigned)
        # On a connection of its own: a batch may be in the middle of its transaction.
        connection = await asyncpg.connect(self._database_url)
        rows = await connection.fetch("SELECT topic, partition, next_offset FROM stored_offset")
        await connection.close()
        stored = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        for place in assigned:
            self._consumer.seek(place, stored.get(place, 0))
        self._consumer.resume(*assigned)
