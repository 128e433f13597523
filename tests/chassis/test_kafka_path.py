"""Outbox → relay → Kafka → consumer on the real broker: nothing lost, nothing twice, order per key."""

import asyncio
import uuid
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

from chassis import stopping
from chassis.processing import Processor
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from contracts.catalogue import Topic
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.provision import DatabaseUrls, create_topics
from tests.chassis.builders import ordered
from tests.chassis.kafka import MakeSample, has_accounts, published, read_all, running, send, until
from tests.chassis.sample.contract import OrderedV1, catalogue_with
from tests.chassis.sample.service import Credit, create_service, credit
from tests.support.service import OfficerClient, ServiceUnderTest, TestIssuer, settings_for


async def test_every_order_becomes_one_credit_and_one_event_in_order(
    kafka: Kafka, prefix: str, make_sample: MakeSample
) -> None:
    """300 orders over 10 accounts through the whole path."""
    orders = [ordered(number % 10, amount) for amount, number in enumerate(range(300), start=1)]
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", orders)
        found = await asyncio.wait_for(read_all(kafka, f"{prefix}sample.credits", 300), 30)
        await until(lambda: published(sample))
    for account in range(10):
        key = str(UUID(int=account))
        sent = [order.amount_rupiah for order in orders if order.account_id == UUID(int=account)]
        assert [amount for owner, amount, _ in found if owner == key] == sent
    assert all(headers["ce_causationid"] for _, _, headers in found)


async def test_a_consumer_waits_for_topics_that_are_not_made_yet(
    kafka: Kafka, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path
) -> None:
    """As on a broker built anew, where a consumer is back first: it makes none itself, with partitions of its own."""
    catalogue = catalogue_with(f"t{uuid.uuid4().hex[:8]}.")
    topics = {entry.topic for entry in catalogue.values()}
    settings = settings_for(sample_urls, issuer, tmp_path, kafka_bootstrap_servers=kafka.bootstrap_servers)
    under_test = ServiceUnderTest(create_service(ServiceSettings(**settings), catalogue), issuer)
    async with running(under_test) as sample:
        await until(lambda: _has_problem(sample, "consumer_group_not_joined"), 60)
        assert await _partitions(kafka, topics) == {}
        await create_topics(kafka.bootstrap_servers, topics)
        await send(kafka, catalogue[OrderedV1.event_type].topic.name, [ordered(1)])
        await until(lambda: _credited(sample), 60)
    assert await _partitions(kafka, topics) == {topic.name: topic.partitions for topic in topics}


async def _has_problem(sample: ServiceUnderTest, problem: str) -> bool:
    consumer = sample.service.subscription
    return consumer is not None and problem in await consumer.problems()


async def _partitions(kafka: Kafka, topics: Iterable[Topic]) -> dict[str, int]:
    """Partitions of those of the topics that the broker has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        wanted = {topic.name for topic in topics}
        found = await admin.describe_topics(sorted(wanted & set(await admin.list_topics())) or None)
    finally:
        await admin.close()
    return {each["topic"]: len(each["partitions"]) for each in found if each["topic"] in wanted}


async def _credited(sample: ServiceUnderTest) -> bool:
    return bool(await sample.fetch_all("SELECT 1 FROM account"))


async def test_a_database_behind_its_offsets_catches_up(
    kafka: Kafka, postgres: Postgres, prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls
) -> None:
    """A restored backup is behind what the broker believes was consumed: nothing may be skipped or doubled."""
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(number) for number in range(10)])
        await until(lambda: has_accounts(sample, 10))
    backup = await _copy_of(postgres, sample_urls)
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(number) for number in range(20)])
        await until(lambda: has_accounts(sample, 20))
    await _tell_kafka_all_was_consumed(kafka, f"{prefix}outside.orders")
    async with running(make_sample(backup)) as restored:
        await until(lambda: has_accounts(restored, 20))
        rows = await restored.fetch_all("SELECT id, balance_rupiah FROM account")
        assert {row.id.int: row.balance_rupiah for row in rows} == {n: 10 if n < 10 else 5 for n in range(20)}


async def test_nothing_is_heard_before_the_database_said_from_where(
    kafka: Kafka, postgres: Postgres, prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What Kafka believes was consumed lies ahead of a restored backup, and the database answers late.

    A record from there would store its offset, and what lies between would never be heard.
    """
    backup = await _copy_of(postgres, sample_urls)
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(number) for number in range(10)])
        await until(lambda: has_accounts(sample, 10))
    await _tell_kafka_all_was_consumed(kafka, f"{prefix}outside.orders")
    await send(kafka, f"{prefix}outside.orders", [ordered(number) for number in range(10, 20)])
    stored = Subscription._stored_offsets

    async def late(consumer: Subscription, processor: Processor) -> dict[TopicPartition, int]:
        await asyncio.sleep(2)
        return await stored(consumer, processor)

    monkeypatch.setattr(Subscription, "_stored_offsets", late)
    async with running(make_sample(backup)) as restored:
        await until(lambda: has_accounts(restored, 20))


async def _tell_kafka_all_was_consumed(kafka: Kafka, topic: str) -> None:
    """As an operator's tool may, or a release that still told Kafka how far it got."""
    tool = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, group_id="sinergi-sample", enable_auto_commit=False
    )
    await tool.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(3)]
        tool.assign(partitions)
        await tool.commit(await tool.end_offsets(partitions))
    finally:
        await tool.stop()


async def _copy_of(postgres: Postgres, urls: DatabaseUrls) -> DatabaseUrls:
    name = urls.owner.rsplit("/", 1)[1]
    connection = await asyncpg.connect(postgres.url())
    try:
        await connection.execute(f'CREATE DATABASE "{name}_restored" TEMPLATE "{name}"')
    finally:
        await connection.close()
    return urls.for_database(f"{name}_restored")


@pytest.mark.parametrize("error", [asyncio.CancelledError, KafkaConnectionError])
async def test_a_consumer_whose_stop_fails_keeps_nobody_from_beginning_anew(
    kafka: Kafka, prefix: str, make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Its task died, and the client library lets the cancelling of its own tasks out."""
    stop, spoilt = AIOKafkaConsumer.stop, [error]

    async def stop_badly(consumer: AIOKafkaConsumer) -> None:
        await stop(consumer)
        if spoilt:
            raise spoilt.pop()

    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(1)])
        await until(lambda: has_accounts(sample, 1))
        monkeypatch.setattr(AIOKafkaConsumer, "stop", stop_badly)
        assert sample.service.subscription is not None
        for task in sample.service.subscription.tasks:
            task.cancel()
        await send(kafka, f"{prefix}outside.orders", [ordered(2)])
        await until(lambda: has_accounts(sample, 2), 60)


async def test_a_consumer_that_does_not_stop_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen when a log was replaced during a rebalance: the client library waits for a task that goes on."""
    monkeypatch.setattr(stopping, "STOP_SECONDS", 0.1)
    asked = 0

    async def hang_once() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await asyncio.Event().wait()

    left = asyncio.ensure_future(asyncio.Event().wait())
    await asyncio.wait_for(stopping.stop_for_certain(SimpleNamespace(stop=hang_once), None, [left]), 30)
    assert (asked, left.cancelled()) == (2, True)


async def test_a_broker_killed_and_started_again_loses_nothing(
    kafka: Kafka, prefix: str, make_sample: MakeSample
) -> None:
    """What was committed meanwhile is published when the broker is back, and consumed."""
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(1)])
        await until(lambda: has_accounts(sample, 1))
        await asyncio.to_thread(kafka.kill)
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=2), amount_rupiah=7))
        await asyncio.sleep(1)
        await asyncio.to_thread(kafka.start)
        await send(kafka, f"{prefix}outside.orders", [ordered(3)])
        await until(lambda: has_accounts(sample, 3), 60)
        await until(lambda: published(sample), 60)
    found = await asyncio.wait_for(read_all(kafka, f"{prefix}sample.credits", 3), 30)
    assert {UUID(key).int for key, _, _ in found} == {1, 2, 3}


async def _ready(client: OfficerClient) -> bool:
    return (await client.get("/health/ready")).status_code == 200


async def test_a_database_killed_and_started_again_parks_nothing(
    kafka: Kafka, postgres: Postgres, prefix: str, make_sample: MakeSample
) -> None:
    """Errors while connecting are the outside's: every order takes effect once it is back."""
    async with running(make_sample()) as sample:
        await until(lambda: _ready(sample.client()))
        for round_number in range(2):
            orders = [ordered(100 * round_number + number) for number in range(30)]
            sending = asyncio.create_task(send(kafka, f"{prefix}outside.orders", orders))
            await asyncio.sleep(0.05)
            await asyncio.to_thread(postgres.kill)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(postgres.start)
            await sending
        await until(lambda: has_accounts(sample, 60), 60)
        await until(lambda: published(sample), 60)
        assert await sample.fetch_all("SELECT reason FROM parked_message") == []
        balances = await sample.fetch_all("SELECT balance_rupiah FROM account")
        assert {row.balance_rupiah for row in balances} == {5}
