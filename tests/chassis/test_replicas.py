"""Processes of one service share its work: one, two and four of them, while some join and some are killed."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from chassis.auth import Role
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls
from tests.chassis.builders import ordered
from tests.chassis.bulk import CREDIT, account, balances, job_of
from tests.chassis.bulk import ordered as bulk_ordered
from tests.chassis.kafka import MakeSample, published, read_to_end, send, told, until
from tests.chassis.sample.contract import CreditedV1, OrderedV1
from tests.support.service import OfficerClient, ServiceUnderTest, TestIssuer, settings_for

ACCOUNTS_COUNT = 20
SLICE, SLICES_COUNT = 50, 10
"""Sent one after the other, in about the time that a process needs to start."""
BULK_ROWS = 400


class Replicas:
    """Processes of the sample on one database, by the order of their start."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command = command
        self._log = log
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, count: int) -> None:
        """So many more."""
        with self._log.open("ab") as output:
            for _ in range(count):
                self._running.append(subprocess.Popen(self._command, stdout=output, stderr=output))

    def kill(self, count: int) -> None:
        """The oldest so many, as a power cut would end them."""
        for _ in range(count):
            process = self._running.pop(0)
            process.kill()
            process.wait()

    def end(self) -> None:
        """All that are left, and none may have ended before."""
        ended = [process.poll() for process in self._running]
        self.kill(len(self._running))
        assert set(ended) == {None}, self._log.read_text()


@pytest.fixture
async def replicas(
    kafka: Kafka, prefix: str, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path
) -> AsyncIterator[Replicas]:
    """None at first."""
    settings = settings_for(sample_urls, issuer, tmp_path, kafka_bootstrap_servers=kafka.bootstrap_servers)
    arguments = [json.dumps(settings, default=str), prefix]
    found = Replicas([sys.executable, "-m", "tests.chassis.service_process", *arguments], tmp_path / "replicas.log")
    yield found
    found.end()


async def test_one_two_and_four_processes_lose_nothing_double_nothing_and_keep_each_order(
    kafka: Kafka, prefix: str, make_sample: MakeSample, replicas: Replicas
) -> None:
    """Orders go on arriving while the group grows from one to four, loses two, and goes on."""
    sample, sent = make_sample(), list[OrderedV1]()
    for start, kill in ((1, 0), (1, 0), (2, 0), (0, 2)):
        replicas.start(start)
        replicas.kill(kill)
        for _ in range(SLICES_COUNT):
            orders = [ordered(number % ACCOUNTS_COUNT, len(sent) + number + 1) for number in range(SLICE)]
            await send(kafka, f"{prefix}outside.orders", orders)
            sent += orders
        await until(partial(_credited, sample, len(sent)), 90)
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
        replicas.kill(1)
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


async def _credited(sample: ServiceUnderTest, count: int) -> bool:
    return len(await sample.fetch_all("SELECT 1 FROM inbox")) == count


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
