"""The sample service on the real broker: its loops, its topics, what is sent to it and what it tells."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from deploy.local.kafka import Kafka
from tests.chassis.builders import headers_of
from tests.chassis.sample.contract import CreditedV1, OrderedV1
from tests.support.service import ServiceUnderTest

MakeSample = Callable[..., ServiceUnderTest]


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait for a condition, at most so long."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.1)


@asynccontextmanager
async def running(under_test: ServiceUnderTest) -> AsyncIterator[ServiceUnderTest]:
    """The service with its loops, as its process runs it."""
    app = under_test.service.app
    async with app.router.lifespan_context(app):
        yield under_test


@asynccontextmanager
async def producing(kafka: Kafka) -> AsyncIterator[AIOKafkaProducer]:
    """An outside party's producer."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


class _NotText(str):
    """A header name whose encoding is not UTF-8."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Two bytes that no UTF-8 text holds."""
        return b"\xff\xfe"


def unreadable_batch(producer: AIOKafkaProducer) -> Any:
    """One record with such a header name, made by the client's builder in Python, which lets it through."""
    batch = producer.create_batch()
    batch._builder = _DefaultRecordBatchBuilderPy(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=16_384,
    )  # fmt: skip
    batch.append(key=b"k", value=b"{}", timestamp=None, headers=[(_NotText(), b"v")])
    batch.close()
    return batch


async def send(kafka: Kafka, topic: str, facts: list[OrderedV1]) -> None:
    """Publish as an outside party does."""
    async with producing(kafka) as producer:
        for fact in facts:
            await send_one(producer, topic, fact)


async def send_one(producer: AIOKafkaProducer, topic: str, fact: OrderedV1) -> None:
    """Publish, and wait until the broker has it."""
    headers = [(name, value.encode()) for name, value in headers_of(fact).items()]
    key = str(fact.account_id).encode()
    await producer.send_and_wait(topic, fact.model_dump_json().encode(), key=key, headers=headers)


async def read_all(kafka: Kafka, topic: str, count: int) -> list[tuple[str, int, dict[str, str]]]:
    """Key, amount and headers of the first `count` messages."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    found: list[tuple[str, int, dict[str, str]]] = []
    try:
        while len(found) < count:
            for records in (await consumer.getmany(timeout_ms=5000)).values():
                for record in records:
                    amount = CreditedV1.model_validate_json(record.value).amount_rupiah
                    found.append((record.key.decode(), amount, {k: v.decode() for k, v in record.headers}))
    finally:
        await consumer.stop()
    return found


async def published(sample: ServiceUnderTest) -> bool:
    """Whether every event of the outbox was acknowledged by the broker."""
    return not await sample.fetch_all("SELECT 1 FROM outbox WHERE published_at IS NULL")


async def has_accounts(sample: ServiceUnderTest, count: int) -> bool:
    """Whether so many accounts have been credited, each at least once."""
    return len(await sample.fetch_all("SELECT 1 FROM account")) == count


async def read_to_end(bootstrap_servers: str, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
    """All records that the topic holds at this moment, in order within each partition."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    found: list[ConsumerRecord[bytes, bytes]] = []
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
    finally:
        await consumer.stop()
    return found


def told(record: ConsumerRecord[bytes, bytes]) -> tuple[str, str, int]:
    """Key, event id and sequence of a record."""
    headers = {name: value.decode() for name, value in record.headers}
    assert record.key is not None
    return record.key.decode(), headers["ce_id"], int(headers["ce_sequence"])
