"""Processes of one service share its work: one, two and four of them, while some join and some are killed."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from chassis.auth import Role
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls
from tests.chassis.builders import ordered
from tests.chassis.bulk import CREDIT, account, balances, job_of
from tests.chassis.bulk import ordered as bulk_ordered
from tests.chassis.kafka import MakeSample, producing, published, read_to_end, send_one, told, until
from tests.chassis.replicas import Replica, Replicas
from tests.chassis.sample.contract import CreditedV1, OrderedV1
from tests.support.service import OfficerClient, ServiceUnderTest, TestIssuer, settings_for

ACCOUNTS_COUNT = 20
PARTITIONS_COUNT = 3
"""Of the orders: no more processes have work."""
PAUSE_SECONDS = 0.02
"""Between two orders, so that some are under way all the time, and a process can keep up."""
BULK_ROWS = 400


@pytest.fixture
async def replicas(
    kafka: Kafka, prefix: str, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path
) -> AsyncIterator[Replicas]:
    """None at first."""
    settings = settings_for(sample_urls, issuer, tmp_path, kafka_bootstrap_servers=kafka.bootstrap_servers)
    found = Replicas(settings, prefix, tmp_path)
    yield found
    found.kill(list(found.running))


@asynccontextmanager
async def arriving(kafka: Kafka, topic: str) -> AsyncIterator[list[OrderedV1]]:
    """Orders that go on arriving, one after the other, until the end."""
    sent, enough = list[OrderedV1](), asyncio.Event()

    async def go_on() -> None:
        async with producing(kafka) as producer:
            while not enough.is_set():
                order = ordered(len(sent) % ACCOUNTS_COUNT, len(sent) + 1)
                sent.append(order)
                await send_one(producer, topic, order)
                await asyncio.sleep(PAUSE_SECONDS)

    sending = asyncio.create_task(go_on())
    try:
        yield sent
    finally:
        enough.set()
        await sending


async def test_one_two_and_four_processes_lose_nothing_double_nothing_and_keep_each_order(
    kafka: Kafka, prefix: str, make_sample: MakeSample, replicas: Replicas
) -> None:
    """Orders go on arriving while the group grows from one to four, loses two in the middle of their work, goes on."""
    sample = make_sample()
    async with arriving(kafka, f"{prefix}outside.orders") as sent:
        for more, count in ((1, 1), (1, 2), (2, 4)):
            replicas.start(more)
            sharing = await _sharing(kafka, sample, replicas, count, sent)
            replicas.kill(sharing[:2] if count == 4 else [])
            assert 0 < await _taken(sample) < len(sent)
            replicas.go_on()
        await _sharing(kafka, sample, replicas, 2, sent)
        replicas.go_on()
    await until(partial(_all_taken, sample, len(sent)), 90)
    await until(lambda: published(sample), 60)
    rows = await sample.fetch_all("SELECT id, balance_rupiah FROM account")
    assert {row.id: row.balance_rupiah for row in rows} == _sums(sent)
    assert await _told(kafka, f"{prefix}sample.credits") == _amounts(sent)
    await sample.close()


async def test_bulk_work_goes_on_where_a_killed_process_left_it(make_sample: MakeSample, replicas: Replicas) -> None:
    """Wherever it was: each row is done and told once."""
    sample = make_sample()
    officer = sample.as_(Role.PETUGAS)
    items = [{"account_id": account(n), "amount_rupiah": 5} for n in range(1, BULK_ROWS + 1)]
    job_id = await bulk_ordered(officer, act=CREDIT, items=items)
    for rows_count in (1, BULK_ROWS // 2, BULK_ROWS):
        replicas.start(1)
        await until(partial(_has_accounts_at_least, sample, rows_count), 90)
        replicas.kill(replicas.running[:1])
    replicas.start(1)
    await until(partial(_ended, officer, job_id), 90)
    job = await job_of(officer, job_id)
    assert (job["done"], job["failed"], job["left"]) == (BULK_ROWS, 0, 0)
    assert await balances(sample) == dict.fromkeys(range(1, BULK_ROWS + 1), 5)
    assert len(await sample.published_types()) == BULK_ROWS
    await sample.close()


async def _has_accounts_at_least(sample: ServiceUnderTest, count: int) -> bool:
    return len(await sample.fetch_all("SELECT 1 FROM account")) >= count


async def _ended(officer: OfficerClient, job_id: UUID) -> bool:
    return bool((await job_of(officer, job_id))["state"] == "done")


async def _sharing(
    kafka: Kafka, sample: ServiceUnderTest, replicas: Replicas, count: int, sent: list[OrderedV1]
) -> list[Replica]:
    """Those that have a share, each frozen in the middle of a batch: all for which there is a partition."""
    await until(partial(_group_has, kafka, count), 60)
    # What a member had in hand when the next one came is done then: nobody waits for a frozen one's locks.
    await until(partial(_all_taken, sample, len(sent) + 1), 60)
    for replica in replicas.running:
        replica.freeze_in_the_middle()
    await until(partial(_in_the_middle, replicas, min(count, PARTITIONS_COUNT)))
    return replicas.in_the_middle


async def _group_has(kafka: Kafka, count: int) -> bool:
    """Whether so many have come to terms about the partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups(["sinergi-sample"])
    except GroupCoordinatorNotAvailableError:
        # The broker has not had any group yet.
        return False
    finally:
        await admin.close()
    (group,) = answer.to_object()["groups"]
    return group["state"] == "Stable" and len(group["members"]) == count


async def _in_the_middle(replicas: Replicas, count: int) -> bool:
    return len(replicas.in_the_middle) >= count


async def _taken(sample: ServiceUnderTest) -> int:
    """Orders that took effect."""
    return len(await sample.fetch_all("SELECT 1 FROM inbox"))


async def _all_taken(sample: ServiceUnderTest, count: int) -> bool:
    return await _taken(sample) >= count


def _amounts(orders: list[OrderedV1]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for order in orders:
        found[str(order.account_id)].append(order.amount_rupiah)
    return dict(found)


def _sums(orders: list[OrderedV1]) -> dict[UUID, int]:
    return {UUID(account): sum(amounts) for account, amounts in _amounts(orders).items()}


async def _told(kafka: Kafka, topic: str) -> dict[str, list[int]]:
    """The amounts of each account, each event once, in the order of the log."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for record in await read_to_end(kafka.bootstrap_servers, topic):
        key, event_id, _ = told(record)
        assert record.value is not None
        found[key].setdefault(event_id, CreditedV1.model_validate_json(record.value).amount_rupiah)
    return {key: list(amounts.values()) for key, amounts in found.items()}
