"""Outbox → relay → Kafka → consumer on the real broker: nothing lost, nothing twice, order per key."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from chassis.relay import LEADER_LOCK
from chassis.settings import ServiceSettings
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.provision import DatabaseUrls, create_topics
from tests.chassis.builders import headers_of, ordered
from tests.chassis.sample.contract import CreditedV1, OrderedV1, catalogue_with
from tests.chassis.sample.service import Credit, create_service, credit
from tests.support.service import OfficerClient, ServiceUnderTest, TestIssuer, settings_for

MakeSample = Callable[..., ServiceUnderTest]


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait for a condition, at most so long."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.1)


@pytest.fixture
async def prefix(kafka: Kafka) -> str:
    """Topics of this test's own."""
    name = f"t{uuid.uuid4().hex[:8]}."
    topics = {entry.topic for entry in catalogue_with(name).values()}
    await create_topics(kafka.bootstrap_servers, topics)
    return name


@asynccontextmanager
async def running(under_test: ServiceUnderTest) -> AsyncIterator[ServiceUnderTest]:
    """The service with its loops, as its process runs it."""
    app = under_test.service.app
    async with app.router.lifespan_context(app):
        yield under_test


@pytest.fixture
def make_sample(kafka: Kafka, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path, prefix: str) -> MakeSample:
    """Processes of the sample on one database and one set of topics."""

    def make(urls: DatabaseUrls = sample_urls) -> ServiceUnderTest:
        more = {"kafka_bootstrap_servers": kafka.bootstrap_servers}
        settings = ServiceSettings(**settings_for(urls, issuer, tmp_path, **more))
        return ServiceUnderTest(create_service(settings, catalogue_with(prefix)), issuer)

    return make


async def send(kafka: Kafka, topic: str, facts: list[OrderedV1]) -> None:
    """Publish as an outside party does."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all")
    await producer.start()
    try:
        for fact in facts:
            headers = [(name, value.encode()) for name, value in headers_of(fact).items()]
            key = str(fact.account_id).encode()
            await producer.send_and_wait(topic, fact.model_dump_json().encode(), key=key, headers=headers)
    finally:
        await producer.stop()


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


async def test_every_order_becomes_one_credit_and_one_event_in_order(
    kafka: Kafka, prefix: str, make_sample: MakeSample
) -> None:
    """300 orders over 10 accounts through the whole path."""
    orders = [ordered(number % 10, amount) for amount, number in enumerate(range(300), start=1)]
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", orders)
        found = await asyncio.wait_for(read_all(kafka, f"{prefix}sample.credits", 300), 30)
        await until(lambda: _published(sample))
    for account in range(10):
        key = str(UUID(int=account))
        sent = [order.amount_rupiah for order in orders if order.account_id == UUID(int=account)]
        assert [amount for owner, amount, _ in found if owner == key] == sent
    assert all(headers["ce_causationid"] for _, _, headers in found)


async def _published(sample: ServiceUnderTest) -> bool:
    return not await sample.fetch_all("SELECT 1 FROM outbox WHERE published_at IS NULL")


async def test_a_database_behind_its_offsets_catches_up(
    kafka: Kafka, postgres: Postgres, prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls
) -> None:
    """A restored backup is behind what the broker believes was consumed: nothing may be skipped or doubled."""
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(number) for number in range(10)])
        await until(lambda: _accounts(sample, 10))
    backup = await _copy_of(postgres, sample_urls)
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(number) for number in range(20)])
        await until(lambda: _accounts(sample, 20))
    async with running(make_sample(backup)) as restored:
        await until(lambda: _accounts(restored, 20))
        rows = await restored.fetch_all("SELECT id, balance_rupiah FROM account")
        assert {row.id.int: row.balance_rupiah for row in rows} == {n: 10 if n < 10 else 5 for n in range(20)}


async def _accounts(sample: ServiceUnderTest, count: int) -> bool:
    return len(await sample.fetch_all("SELECT 1 FROM account")) == count


async def _copy_of(postgres: Postgres, urls: DatabaseUrls) -> DatabaseUrls:
    name = urls.owner.rsplit("/", 1)[1]
    connection = await asyncpg.connect(postgres.url())
    try:
        await connection.execute(f'CREATE DATABASE "{name}_restored" TEMPLATE "{name}"')
    finally:
        await connection.close()
    return urls.for_database(f"{name}_restored")


async def test_a_broker_killed_and_started_again_loses_nothing(
    kafka: Kafka, prefix: str, make_sample: MakeSample
) -> None:
    """What was committed meanwhile is published when the broker is back, and consumed."""
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(1)])
        await until(lambda: _accounts(sample, 1))
        await asyncio.to_thread(kafka.kill)
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=2), amount_rupiah=7))
        await asyncio.sleep(1)
        await asyncio.to_thread(kafka.start)
        await send(kafka, f"{prefix}outside.orders", [ordered(3)])
        await until(lambda: _accounts(sample, 3), 60)
        await until(lambda: _published(sample), 60)
    found = await asyncio.wait_for(read_all(kafka, f"{prefix}sample.credits", 3), 30)
    assert {UUID(key).int for key, _, _ in found} == {1, 2, 3}


async def test_poison_on_the_real_log_stops_only_its_key(kafka: Kafka, prefix: str, make_sample: MakeSample) -> None:
    """A null header, which FastStream itself cannot parse, included."""
    topic = f"{prefix}outside.orders"
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    await producer.send_and_wait(topic, b"{}", key=b"junk", headers=[("ce_type", None)])
    await producer.send_and_wait(topic, None, key=b"gone")
    await producer.stop()
    async with running(make_sample()) as sample:
        await send(kafka, topic, [ordered(number) for number in range(5)])
        await until(lambda: _accounts(sample, 5))
        parked = await sample.fetch_all("SELECT reason FROM parked_message ORDER BY reason")
        assert [row.reason for row in parked] == ["missing_attributes", "null_header"]


async def test_a_frozen_relay_leader_is_ended_and_another_takes_over(
    prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls
) -> None:
    """A leader that holds the lock but has stopped beating must not stop the events."""
    frozen = await asyncpg.connect(sample_urls.worker)
    await frozen.execute("SELECT pg_advisory_lock($1)", LEADER_LOCK)
    await frozen.execute(
        "INSERT INTO relay_leader (backend_pid, instance, beat_at)"
        " VALUES (pg_backend_pid(), 'frozen', clock_timestamp() - interval '10 s')"
    )
    async with running(make_sample()) as sample:
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=2), amount_rupiah=7))
        await until(lambda: _published(sample), 10)
    assert frozen.is_closed()


async def test_readiness_names_what_is_missing(make_sample: MakeSample) -> None:
    """Ready with everything; not ready, with the reason, once the consumer's task is dead."""
    async with running(make_sample()) as sample:
        client = sample.client()
        await until(lambda: _ready(client))
        assert sample.service.subscription is not None
        for task in sample.service.subscription.tasks:
            task.cancel()
        await asyncio.sleep(0.1)
        answer = (await client.get("/health/ready")).json()
        assert answer == {"ready": False, "problems": ["consumer_task_dead"]}


async def _ready(client: OfficerClient) -> bool:
    return (await client.get("/health/ready")).status_code == 200
