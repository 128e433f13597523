"""The chain over Kafka with faststream-outbox as the relay: one of three roles as a process.

Batches, `unnest` arrays and an inbox as on the other sides; only the outbox and its relay are the peer's.
"""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import uvloop
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaResponse
from faststream_outbox import OutboxBroker, make_outbox_table
from pydantic import BaseModel
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from benchmarks.peers.protocol import AMOUNT_RUPIAH, given, new_id, tell

BATCH = 500
RELAY_WORKERS = 32

settings = given()
engine = create_async_engine(settings["database_url"], pool_size=RELAY_WORKERS + 8)
metadata = MetaData()
outbox = OutboxBroker(engine, outbox_table=make_outbox_table(metadata), logger=None)
kafka = KafkaBroker(settings["bootstrap_servers"], acks="all", enable_idempotence=True, linger_ms=1, logger=None)


class Allocated(BaseModel):
    """A person was given a sum."""

    id: str
    person_id: str
    grant_id: str
    amount_rupiah: int


class Paid(Allocated):
    """The sum was paid."""

    payment_id: str


Told = TypeVar("Told", Allocated, Paid)


def relay() -> None:
    """Send what the outbox holds, many rows at once: each waits for the broker's acknowledgement, then is deleted."""

    @kafka.publisher(settings["topic_out"])
    @outbox.subscriber(
        "out",
        max_workers=RELAY_WORKERS,
        fetch_batch_size=BATCH,
        terminal_flush_batch_size=BATCH,
        min_fetch_interval=0.02,
    )
    async def send(body: dict[str, Any]) -> KafkaResponse:
        return KafkaResponse(body, key=body["person_id"].encode())


def consume(role: str) -> None:
    """Hear batches of the topic."""
    hear = kafka.subscriber(
        settings["topic_in"],
        group_id=settings["group"],
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=20,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    if role == "payment":

        @hear
        async def allocated(events: list[Allocated]) -> None:
            await once(events, pay)
    else:

        @hear
        async def paid(events: list[Paid]) -> None:
            await once(events, post)


async def once(events: list[Told], write: Callable[[AsyncConnection, list[Told]], Awaitable[None]]) -> None:
    """Inbox, effect and outbox of those not heard before, in one transaction."""
    by_id = {event.id: event for event in events}
    async with engine.begin() as connection:
        rows = await connection.execute(
            text(
                "INSERT INTO inbox SELECT unnest(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING"
                " RETURNING CAST(event_id AS text)"
            ),
            {"ids": list(by_id)},
        )
        if fresh := [by_id[row[0]] for row in rows]:
            await write(connection, fresh)


async def allocate(people_count: int) -> None:
    """Give so many people a sum, a batch per transaction."""
    programme_id = new_id()
    for first in range(0, people_count, BATCH):
        people = [new_id() for _ in range(min(BATCH, people_count - first))]
        events = [
            Allocated(id=new_id(), person_id=person_id, grant_id=new_id(), amount_rupiah=AMOUNT_RUPIAH)
            for person_id in people
        ]
        async with engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO entitlement (id, programme_id, person_id, amount_rupiah, state)"
                    " SELECT id, CAST(:programme_id AS uuid), person_id, :amount, 'allocated'"
                    " FROM unnest(CAST(:grants AS uuid[]), CAST(:people AS uuid[])) AS g (id, person_id)"
                ),
                {
                    "programme_id": programme_id,
                    "amount": AMOUNT_RUPIAH,
                    "grants": [event.grant_id for event in events],
                    "people": people,
                },
            )
            await outbox.publish_batch(*events, queue="out", session=connection)


async def pay(connection: AsyncConnection, events: list[Allocated]) -> None:
    """A payment of each, and its event."""
    told = [Paid(**event.model_dump(exclude={"id"}), id=new_id(), payment_id=new_id()) for event in events]
    await connection.execute(
        text(
            "INSERT INTO payment (id, grant_id, person_id, amount_rupiah, state) SELECT *, 'paid' FROM unnest("
            "CAST(:ids AS uuid[]), CAST(:grants AS uuid[]), CAST(:people AS uuid[]), CAST(:amounts AS bigint[]))"
        ),
        {
            "ids": [event.payment_id for event in told],
            "grants": [event.grant_id for event in told],
            "people": [event.person_id for event in told],
            "amounts": [event.amount_rupiah for event in told],
        },
    )
    await outbox.publish_batch(*told, queue="out", session=connection)


async def post(connection: AsyncConnection, events: list[Paid]) -> None:
    """Two postings of each payment."""
    await connection.execute(
        text(
            "INSERT INTO posting (transaction_id, account, amount_rupiah)"
            " SELECT paid.id, side.account, side.sign * paid.amount"
            " FROM unnest(CAST(:ids AS uuid[]), CAST(:amounts AS bigint[])) AS paid (id, amount)"
            " CROSS JOIN (VALUES ('fund', -1), ('paid', 1)) AS side (account, sign)"
        ),
        {"ids": [event.payment_id for event in events], "amounts": [event.amount_rupiah for event in events]},
    )


async def main(role: str) -> None:
    """Run one role until standard input closes."""
    if role != "ledger":
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        relay()
    if role != "allocation":
        consume(role)
    await kafka.start()
    if role != "ledger":
        await outbox.start()
    tell("ready")
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await allocate(int(line))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(15):
            await outbox.stop()
            await kafka.stop()
    await engine.dispose()


if __name__ == "__main__":
    uvloop.run(main(settings["role"]))
