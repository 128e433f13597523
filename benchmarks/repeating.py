"""Records that come twice: a share of what the topics hold is sent once more, as a broker's client may."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.rounds import WrongEnd

REPEATED_SHARE: Final = 0.05
SETTLE_SECONDS: Final = 2.0
"""When nothing was repeated for so long all of it has been heard: consumers ask ten times a second."""
ENOUGH: Final = 0.8
"""Each record is repeated by chance: of the share that is wanted, what must have come of it."""


@contextlib.asynccontextmanager
async def repeated_records(bootstrap_servers: str, topics: Sequence[str]) -> AsyncIterator[set[bytes]]:
    """While the block lasts, repeat REPEATED_SHARE of all records, each once; gives what names the repeated events.

    The topics must exist. Where there are none nothing is repeated.
    """
    repeated: set[bytes] = set()
    if not topics:
        yield repeated
        return
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    await producer.start()
    task = asyncio.create_task(_repeat(consumer, producer, repeated))
    try:
        yield repeated
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await producer.stop()
        await consumer.stop()


async def settle(repeated: set[bytes]) -> None:
    """Wait, within `repeated_records`, until all that is repeated has been, and was heard."""
    known = -1
    while len(repeated) > known:
        known = len(repeated)
        await asyncio.sleep(SETTLE_SECONDS)


def require_share(name: str, repeated: set[bytes], records_count: int) -> None:
    """Raises WrongEnd when fewer of so many records came twice than `repeated_records` promises."""
    if len(repeated) < ENOUGH * REPEATED_SHARE * records_count:
        raise WrongEnd(f"{name}: only {len(repeated)} of {records_count} records were repeated")


async def _repeat(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, repeated: set[bytes]) -> None:
    dice = random.Random(4711)
    async for record in consumer:
        # Whoever sends no headers has the event's id in its body.
        event = dict(record.headers).get("ce_id", record.value)
        if event not in repeated and dice.random() < REPEATED_SHARE:
            repeated.add(event)
            await producer.send(
                record.topic, record.value, key=record.key, headers=list(record.headers), partition=record.partition
            )
