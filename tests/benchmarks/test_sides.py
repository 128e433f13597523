"""The sides of the chain: what is sampled, where a restarted floor goes on, and a proof that notices a lost inbox."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import pytest

from benchmarks.floor.events import Heard, allocated, new_id
from benchmarks.floor.roles import Floor, consume
from benchmarks.hand_relay import started_producer
from benchmarks.proof import prove
from benchmarks.rounds import WrongEnd
from benchmarks.servers import Servers
from benchmarks.sides import FloorSide, traced_lists
from deploy.local.home import Home
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres


@pytest.fixture
def servers(session_home: Home, postgres: Postgres, kafka: Kafka) -> Servers:
    """The session's own servers, as a benchmark uses its own."""
    return Servers(session_home, postgres, kafka)


@pytest.mark.parametrize(
    ("people_count", "share", "sampled"),
    [(10_000, 0.05, 1), (50_000, 0.05, 5), (20_300, 0.05, 2), (10_000, 0.0, 0), (10_000, 1.0, 20)],
)
def test_every_round_samples_the_same_share_of_its_lists(people_count: int, share: float, sampled: int) -> None:
    lists = traced_lists(people_count, share)
    assert sum(size for size, _ in lists) == people_count
    assert sum(traceparent.endswith("-01") for _, traceparent in lists) == sampled
    assert len({traceparent for _, traceparent in lists}) == len(lists)


async def test_a_restarted_full_floor_goes_on_from_its_stored_offsets(servers: Servers) -> None:
    side = FloorSide(servers, full=True)
    await side.prepare()
    topic, database = side.topics[0], side.database("payment")
    floor = Floor(servers.postgres.url(database), servers.kafka.bootstrap_servers, topic, "", full=True)
    assert await _heard(floor, await _tell(floor, 40)) == 40
    # Without the inbox whoever began at the beginning would hear everything once more.
    await servers.execute(database, "TRUNCATE inbox")
    assert await _heard(floor, await _tell(floor, 3)) == 3


async def _tell(floor: Floor, count: int) -> int:
    producer = await started_producer(floor.bootstrap_servers)
    for _ in range(count):
        event = allocated(new_id(), new_id(), new_id(), full=True)
        headers = [(name, value.encode()) for name, value in event.headers.items()]
        await producer.send_and_wait(floor.topic_in, event.body, key=event.key.encode(), headers=headers)
    await producer.stop()
    return count


async def _heard(floor: Floor, at_least: int) -> int:
    """How many a freshly started payment hears within a second after it has heard so many."""
    heard: list[Heard] = []

    async def effect(_: asyncpg.Connection, events: Sequence[Heard]) -> None:
        heard.extend(events)

    stopping = asyncio.Event()
    consuming = asyncio.create_task(consume(floor, f"{floor.topic_in}-payment", stopping, effect))
    async with asyncio.timeout(60):
        while len(heard) < at_least:  # noqa: ASYNC110 - another task hears
            await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    stopping.set()
    await consuming
    return len(heard)


@dataclass
class ForgetfulFloor(FloorSide):
    """A floor that does not know what it has heard."""

    async def prepare(self) -> None:
        await super().prepare()
        await self.servers.execute(self.database("ledger"), "ALTER TABLE inbox DROP CONSTRAINT inbox_pkey")


async def test_a_side_that_hears_twice_proves_nothing(servers: Servers) -> None:
    with pytest.raises(WrongEnd, match="instead of"):
        await prove("forgetful", ForgetfulFloor(servers, full=True), 4_000)
