"""Records that come twice: a share of what the topics hold is sent once more, as a broker's client may."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.catalogue import TOPICS


@contextlib.asynccontextmanager
async def repeated_records(bootstrap_servers: str, share: float) -> AsyncIterator[set[bytes]]:
    """While the block lasts, repeat this share of all records, each once; gives the ids of the repeated events."""
    repeated: set[bytes] = set()
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in TOPICS), bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    await producer.start()
    task = asyncio.create_task(_repeat(consumer, producer, share, repeated))
    try:
        yield repeated
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await producer.stop()
        await consumer.stop()


async def _repeat(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, share: float, repeated: set[bytes]) -> None:
    dice = random.Random(4711)
    async for record in consumer:
        event_id = dict(record.headers)["ce_id"]
        if event_id not in repeated and dice.random() < share:
            repeated.add(event_id)
            await producer.send_and_wait(
                record.topic, record.value, key=record.key, headers=list(record.headers), partition=record.partition
            )
