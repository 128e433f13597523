"""Sends the rows of an outbox of the product's own form, by hand: what a script beside the product would do."""

import asyncio
import contextlib
from typing import Any, Final

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer

BATCH: Final = 1000
"""As the product's relay sends."""
Connection = asyncpg.Connection

_UNSENT: Final = """
    SELECT event_id, topic, key, headers, body FROM outbox WHERE published_at IS NULL ORDER BY position LIMIT $1
"""
_MARK: Final = """
    UPDATE outbox SET published_at = clock_timestamp()
    WHERE event_id = ANY($1::uuid[]) AND event_id BETWEEN $2 AND $3
"""


async def relay(database_url: str, bootstrap_servers: str, stopping: asyncio.Event) -> None:
    """Send and mark, in the order of positions, until told to stop."""
    connection, ears = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    # Without it the planner, which knows nothing of rows written a moment ago, sorts them all for each batch.
    await connection.execute("SET enable_sort = off; SET enable_bitmapscan = off")
    producer = await started_producer(bootstrap_servers)
    wake = asyncio.Event()
    await ears.add_listener("outbox", lambda *_: wake.set())
    while not stopping.is_set():
        wake.clear()
        if await _send_batch(connection, producer) < BATCH:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), 0.25)
    await producer.stop()
    await ears.close()
    await connection.close()


async def started_producer(bootstrap_servers: str) -> AIOKafkaProducer:
    """As safe as the product's, and as fast as a hand would tune it."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, enable_idempotence=True, acks="all", linger_ms=1,
        max_batch_size=256 * 1024,
    )  # fmt: skip
    await producer.start()
    return producer


async def _send_batch(connection: Connection, producer: AIOKafkaProducer) -> int:
    rows = await connection.fetch(_UNSENT, BATCH)
    for future in [await _send(producer, row) for row in rows]:
        await future
    if rows:
        ids = sorted(row["event_id"] for row in rows)
        await connection.execute(_MARK, ids, ids[0], ids[-1])
    return len(rows)


async def _send(producer: AIOKafkaProducer, row: Any) -> Any:
    headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"]).items()]
    return await producer.send(row["topic"], row["body"], key=row["key"].encode(), headers=headers)
