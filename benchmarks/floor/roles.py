"""The three roles of the chain and the relay between them, by hand."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.floor.events import AMOUNT_RUPIAH, Event, Heard, allocated, heard, new_id, paid
from benchmarks.floor.positions import SeekToStored, store_offsets
from benchmarks.hand_relay import started_producer

BATCH = 1000
"""As the chassis relays and hears."""
CHUNK_PEOPLE = 500
"""As the chassis's chain allocates."""
Connection = asyncpg.Connection


@dataclass(frozen=True, slots=True)
class Floor:
    """What a role needs to know."""

    database_url: str
    bootstrap_servers: str
    topic_in: str
    topic_out: str
    full: bool


async def write_outbox(connection: Connection, floor: Floor, events: Sequence[Event]) -> None:
    """The events of this transaction."""
    ids, keys, bodies = [e.id for e in events], [e.key for e in events], [e.body for e in events]
    if floor.full:
        await connection.execute(
            "INSERT INTO outbox (event_id, topic, key, type, subject, correlation_id, headers, body)"
            " SELECT id, $2, key, $3, subject, key::uuid, headers::jsonb, body"
            " FROM unnest($1::uuid[], $4::text[], $5::text[], $6::text[], $7::bytea[])"
            " AS told (id, key, subject, headers, body)",
            ids, floor.topic_out, events[0].type, keys, [e.subject for e in events],
            [orjson.dumps(e.headers).decode() for e in events], bodies,
        )  # fmt: skip
    else:
        await connection.execute(
            "INSERT INTO outbox (event_id, key, body) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])",
            ids, keys, bodies,
        )  # fmt: skip
    await connection.execute("NOTIFY outbox")


async def allocate(floor: Floor, people_count: int, batch: int = CHUNK_PEOPLE, pause_seconds: float = 0) -> None:
    """Give so many people a sum, a batch per transaction."""
    connection, programme_id = await asyncpg.connect(floor.database_url), new_id()
    for start in range(0, people_count, batch):
        people = [new_id() for _ in range(min(batch, people_count - start))]
        grants = [new_id() for _ in people]
        events = [allocated(g, p, programme_id, full=floor.full) for g, p in zip(grants, people, strict=True)]
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO entitlement (id, programme_id, person_id, amount_rupiah, state)"
                " SELECT id, $3, person_id, $4, 'allocated' FROM unnest($1::uuid[], $2::uuid[]) AS g (id, person_id)",
                grants, people, programme_id, AMOUNT_RUPIAH,
            )  # fmt: skip
            await write_outbox(connection, floor, events)
        if pause_seconds:
            await asyncio.sleep(random.expovariate(1 / pause_seconds))
    await connection.close()


async def relay(floor: Floor, stopping: asyncio.Event) -> None:
    """Send what the outbox holds; remove or mark it when the broker has acknowledged."""
    connection, ears = await asyncpg.connect(floor.database_url), await asyncpg.connect(floor.database_url)
    producer = await started_producer(floor.bootstrap_servers)
    wake = asyncio.Event()
    await ears.add_listener("outbox", lambda *_: wake.set())
    while not stopping.is_set():
        wake.clear()
        if not await _relay_batch(connection, producer, floor):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), 0.05)
    await producer.stop()
    await ears.close()
    await connection.close()


async def _relay_batch(connection: Connection, producer: AIOKafkaProducer, floor: Floor) -> bool:
    async with connection.transaction():
        if floor.full:
            rows = await connection.fetch(
                "SELECT event_id, key, headers, body FROM outbox WHERE published_at IS NULL"
                " ORDER BY position LIMIT $1", BATCH,
            )  # fmt: skip
        else:
            rows = await connection.fetch(
                "DELETE FROM outbox WHERE position IN (SELECT position FROM outbox ORDER BY position LIMIT $1"
                " FOR UPDATE SKIP LOCKED) RETURNING position, key, body", BATCH,
            )  # fmt: skip
            rows.sort(key=lambda row: row["position"])
        for future in [await _send(producer, floor, row) for row in rows]:
            await future
        if rows and floor.full:
            await connection.execute(
                "UPDATE outbox SET published_at = clock_timestamp() WHERE event_id = ANY($1::uuid[])",
                [row["event_id"] for row in rows],
            )
    return bool(rows)


async def _send(producer: AIOKafkaProducer, floor: Floor, row: Any) -> Any:
    headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"]).items()] if floor.full else None
    return await producer.send(floor.topic_out, row["body"], key=row["key"].encode(), headers=headers)


async def consume(floor: Floor, group: str, stopping: asyncio.Event, effect: Any) -> None:
    """Batches of the topic: inbox and effect in one transaction.

    In the full form the next offsets are in it too, and alone say where a restarted process goes on; in the plain form
    Kafka keeps them.
    """
    connection = await asyncpg.connect(floor.database_url)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=floor.bootstrap_servers, group_id=group, group_instance_id=group, enable_auto_commit=False,
        auto_offset_reset="earliest", max_partition_fetch_bytes=4 * 1024 * 1024, fetch_max_wait_ms=100,
    )  # fmt: skip
    consumer.subscribe([floor.topic_in], listener=SeekToStored(consumer, floor.database_url) if floor.full else None)
    await consumer.start()
    while not stopping.is_set():
        batch = await consumer.getmany(timeout_ms=200, max_records=BATCH)
        records = [record for part in batch.values() for record in part]
        if not records:
            continue
        async with connection.transaction():
            fresh = await _fresh(connection, floor, heard(records, full=floor.full))
            if fresh:
                await effect(connection, fresh)
            if floor.full:
                await store_offsets(connection, batch)
        if not floor.full:
            await consumer.commit()
    await consumer.stop()
    await connection.close()


async def _fresh(connection: Connection, floor: Floor, events: list[Heard]) -> list[Heard]:
    ids = [event.id for event in events]
    if floor.full:
        rows = await connection.fetch(
            "INSERT INTO inbox (consumer, source, event_id) SELECT 'floor', '/floor', id FROM unnest($1::uuid[]) AS id"
            " ON CONFLICT DO NOTHING RETURNING event_id", ids,
        )  # fmt: skip
    else:
        rows = await connection.fetch(
            "INSERT INTO inbox SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id", ids
        )
    if len(rows) == len(events):
        return events
    unseen = {row["event_id"] for row in rows}
    return [event for event in events if event.id in unseen]


def pay(floor: Floor) -> Any:
    """The effect of the payment role."""

    async def effect(connection: Connection, events: list[Heard]) -> None:
        payments = [new_id() for _ in events]
        await connection.execute(
            "INSERT INTO payment (id, grant_id, person_id, amount_rupiah, state) SELECT *, 'paid'"
            " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[])",
            payments, [UUID(e.data["grant_id"]) for e in events], [UUID(e.data["person_id"]) for e in events],
            [e.data["amount_rupiah"] for e in events],
        )  # fmt: skip
        told = [paid(payment_id, cause, full=floor.full) for payment_id, cause in zip(payments, events, strict=True)]
        await write_outbox(connection, floor, told)

    return effect


async def post(connection: Connection, events: list[Heard]) -> None:
    """The effect of the ledger role."""
    await connection.execute(
        "INSERT INTO posting (transaction_id, account, amount_rupiah)"
        " SELECT paid.id, side.account, side.sign * paid.amount"
        " FROM unnest($1::uuid[], $2::bigint[]) AS paid (id, amount)"
        " CROSS JOIN (VALUES ('fund', -1), ('paid', 1)) AS side (account, sign)",
        [UUID(e.data["payment_id"]) for e in events], [e.data["amount_rupiah"] for e in events],
    )  # fmt: skip
