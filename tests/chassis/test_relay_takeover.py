"""Relays in processes of their own: the leader is killed, frozen and woken up again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from chassis.auth import Role
from chassis.broker import LeadershipLapsed, RelayProducer
from chassis.failpoints import AFTER_ACK
from chassis.relay import CHALLENGE_SECONDS, STALE_AFTER_SECONDS
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls
from tests.chassis.kafka import published, read_to_end, told, until
from tests.chassis.relay_process import BATCH_SIZE
from tests.chassis.sample.service import Credit, credit
from tests.support.service import ServiceUnderTest

TAKEOVER_SECONDS = 5.0
"""What is promised, while the machine has time for its processes."""


@dataclass
class Relays:
    """Two relays on one outbox."""

    sample: ServiceUnderTest
    processes: "list[subprocess.Popen[bytes]]"
    failpoints: Path

    async def leader(self) -> int:
        """Process id of the one that leads."""
        row = await self.sample.fetch_one("SELECT instance FROM relay_leader")
        return int(row.instance.split("/")[1]) if row else 0

    async def view(self) -> dict[str, object]:
        """What operators see."""
        operator = self.sample.as_(Role.OPERATOR, agency="*", region="")
        return dict((await operator.get("/admin/outbox")).json())


@pytest.fixture
async def relays(
    kafka: Kafka, prefix: str, sample_urls: DatabaseUrls, make_sample: Callable[[], ServiceUnderTest], tmp_path: Path
) -> AsyncIterator[Relays]:
    """Two, one of which leads and has published something."""
    command = [sys.executable, "-m", "tests.chassis.relay_process"]
    arguments = [sample_urls.worker, kafka.bootstrap_servers, str(tmp_path)]
    both = Relays(make_sample(), _start(command + arguments, 2), tmp_path)
    try:
        await tell(both.sample, 1)
        await until(lambda: published(both.sample))
        await until(lambda: holds(both, relays_waiting=1, relay_alive=True))
        yield both
    finally:
        for process in both.processes:
            process.kill()
            process.wait()
        await both.sample.close()


def _start(command: list[str], count: int) -> "list[subprocess.Popen[bytes]]":
    return [subprocess.Popen(command) for _ in range(count)]


async def holds(relays: Relays, **wanted: object) -> bool:
    view = await relays.view()
    return {name: view[name] for name in wanted} == wanted


async def tell(sample: ServiceUnderTest, count: int) -> None:
    """Credit five accounts in turn, each time in a transaction of its own."""
    for number in range(count):
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=number % 5), amount_rupiah=1))


@asynccontextmanager
async def telling(sample: ServiceUnderTest) -> AsyncIterator[None]:
    """Events all the while."""

    async def without_end() -> None:
        while True:
            await tell(sample, 5)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(without_end())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@dataclass
class Stall:
    """How late this process was woken up, all in all: as late as that, nobody on this machine could be in time."""

    seconds: float = 0


@asynccontextmanager
async def stall_measured() -> AsyncIterator[Stall]:
    """Sleeps in short steps all the while, and adds up what each took too long."""
    stall, step_seconds = Stall(), 0.05

    async def without_end() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(step_seconds)
            stall.seconds += time.monotonic() - began - step_seconds

    task = asyncio.create_task(without_end())
    try:
        yield stall
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def kill(relays: Relays, leader: int) -> None:
    os.kill(leader, signal.SIGKILL)


async def freeze(relays: Relays, leader: int) -> None:
    os.kill(leader, signal.SIGSTOP)


async def freeze_between_ack_and_mark(relays: Relays, leader: int) -> None:
    (relays.failpoints / "relay.json").write_bytes(orjson.dumps({AFTER_ACK: "freeze"}))
    await until(lambda: _is_frozen(leader))


async def _is_frozen(process_id: int) -> bool:
    return bool(psutil.Process(process_id).status() == psutil.STATUS_STOPPED)


def test_a_silent_leader_is_found_and_ended_within_the_promise() -> None:
    assert STALE_AFTER_SECONDS + CHALLENGE_SECONDS < TAKEOVER_SECONDS


@pytest.mark.parametrize("strike", [kill, freeze, freeze_between_ack_and_mark])
async def test_another_relay_takes_over_within_five_seconds(
    kafka: Kafka, prefix: str, relays: Relays, strike: Callable[[Relays, int], Awaitable[None]]
) -> None:
    """Nothing is lost, the order per key stays, and a leader that wakes up again is not a second one."""
    sample, leader = relays.sample, await relays.leader()
    async with telling(sample):
        await asyncio.sleep(1)
        await strike(relays, leader)
        assert await _seconds_until_published(sample) <= TAKEOVER_SECONDS
        assert await relays.leader() not in (leader, 0)
    await until(lambda: published(sample))
    before = {told(record)[1] for record in await read_to_end(kafka.bootstrap_servers, f"{prefix}sample.credits")}
    if strike is not kill:
        os.kill(leader, signal.SIGCONT)
        await until(lambda: holds(relays, relays_waiting=1), 10)
        await tell(sample, 50)
        await until(lambda: published(sample))
        assert await relays.leader() != leader
    await _assert_told_once_in_order(kafka, prefix, sample, before)


async def _seconds_until_published(sample: ServiceUnderTest) -> float:
    """How long what is told now takes to get out, without the time in which this machine let nobody work."""
    async with stall_measured() as stall:
        began = time.monotonic()
        await tell(sample, 1)
        newest = (await sample.fetch_all("SELECT max(position) AS position FROM outbox"))[0].position
        await until(lambda: _is_published(sample, newest), 30)
        return time.monotonic() - began - stall.seconds


async def _is_published(sample: ServiceUnderTest, position: int) -> bool:
    found = await sample.fetch_one("SELECT published_at FROM outbox WHERE position = :position", position=position)
    return found is not None and found.published_at is not None


async def _assert_told_once_in_order(kafka: Kafka, prefix: str, sample: ServiceUnderTest, before: set[str]) -> None:
    """Every event is in the log, each key in its order; at most one batch is there twice, none behind newer ones."""
    records = await read_to_end(kafka.bootstrap_servers, f"{prefix}sample.credits")
    wanted, found = defaultdict(list), defaultdict(list)
    for row in await sample.fetch_all("SELECT key, event_id FROM outbox ORDER BY position"):
        wanted[row.key].append(str(row.event_id))
    seen: set[str] = set()
    repeated: list[str] = []
    over: set[int] = set()
    for record in sorted(records, key=lambda record: (record.partition, record.offset)):
        key, event_id, _ = told(record)
        if event_id not in before:
            over.add(record.partition)
        if event_id in seen:
            assert record.partition not in over, "sent again after the takeover was over"
            repeated.append(event_id)
            continue
        seen.add(event_id)
        found[key].append(event_id)
    assert found == wanted
    assert len(repeated) <= BATCH_SIZE


async def test_a_leader_that_lapsed_sends_nothing_of_what_it_holds(kafka: Kafka, prefix: str) -> None:
    """Frozen with records in its buffers, it wakes up when its successor has sent them and newer ones."""
    leads = True
    producer = RelayProducer(may_send=lambda: leads, bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(f"{prefix}sample.credits", b"sent", key=b"k")
        held = await producer.send(f"{prefix}sample.credits", b"held back", key=b"k")
        leads = False
        with pytest.raises(LeadershipLapsed):
            await held
    finally:
        await asyncio.wait_for(producer.stop(), 10)
    records = await read_to_end(kafka.bootstrap_servers, f"{prefix}sample.credits")
    assert [record.value for record in records] == [b"sent"]


async def test_the_admin_client_and_the_relay_name_the_log_alike(kafka: Kafka) -> None:
    producer = RelayProducer(may_send=lambda: True, bootstrap_servers=kafka.bootstrap_servers)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await asyncio.gather(producer.start(), admin.start())
    try:
        assert producer.log_identity == (await admin.describe_cluster())["cluster_id"]
    finally:
        await asyncio.gather(producer.stop(), admin.close())
