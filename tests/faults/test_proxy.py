"""Connections that are slow, reset, held or silent lose nothing; and the proxy does what its faults say."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from chassis import database
from chassis.settings import ServiceSettings
from deploy.local.home import Home
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import Postgres
from deploy.local.provision import DatabaseUrls, create_topics
from tests.chassis.builders import ordered, record
from tests.chassis.conftest import sample_urls
from tests.chassis.kafka import published, read_to_end, running, send, told, until
from tests.chassis.sample.contract import CreditedV1, OrderedV1, catalogue_with
from tests.chassis.sample.service import create_service
from tests.faults.extent import seed_of_run
from tests.faults.proxy import Fault, Kind, Proxy, Way
from tests.faults.proxy_path import Doors, doors_before, plan_of, rage, through
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for

__all__ = ["sample_urls"]

PASSING = (Kind.RESET, Kind.HOLD, Kind.SLOW, Kind.DELAY)
"""Silence is given up only after half a minute: in full and by itself below."""
PATIENCE_SECONDS = 180
ACCOUNTS_COUNT = 20


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """In front of a server that sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, LOOPBACK, 0)
    between = Proxy(server.sockets[0].getsockname()[1])
    between.start()
    yield between
    between.stop()
    server.close()
    await server.wait_closed()


class Line:
    """A client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def echo(self, data: bytes = b"x", seconds: float = 10) -> bytes:
        """What comes back within the time."""
        self.writer.write(data)
        return await asyncio.wait_for(self.reader.readexactly(len(data)), seconds)


Connect = Callable[[], Awaitable[Line]]


@pytest.fixture
async def connect(proxy: Proxy) -> AsyncIterator[Connect]:
    """Connections through the proxy, closed at the end."""
    made: list[Line] = []

    async def connected() -> Line:
        made.append(Line(*await asyncio.open_connection(LOOPBACK, proxy.port)))
        return made[-1]

    yield connected
    for line in made:
        line.writer.transport.abort()


async def test_without_a_fault_all_gets_through(connect: Connect) -> None:
    line = await connect()
    assert await line.echo(b"y" * 1_000_000) == b"y" * 1_000_000


@pytest.mark.parametrize(("way", "late"), [(Way.OUT, 0.3), (Way.BACK, 0.3), (Way.BOTH, 0.6)])
async def test_a_delay_makes_late_and_passes(proxy: Proxy, connect: Connect, way: Way, late: float) -> None:
    line = await connect()
    with proxy.suffering(Fault(Kind.DELAY, way, 0, 0.3)):
        began = time.monotonic()
        assert await line.echo() == b"x"
        assert time.monotonic() - began >= late


async def test_a_slow_line_takes_its_time(proxy: Proxy, connect: Connect) -> None:
    line = await connect()
    with proxy.suffering(Fault(Kind.SLOW, Way.OUT, 0, 100_000)):
        began = time.monotonic()
        assert await line.echo(b"y" * 50_000) == b"y" * 50_000
        assert time.monotonic() - began >= 0.5


async def test_a_reset_ends_old_and_new_lines_with_rst(proxy: Proxy, connect: Connect) -> None:
    line = await connect()
    await line.echo()
    with proxy.suffering(Fault(Kind.RESET, Way.BOTH, 0)):
        with pytest.raises(ConnectionResetError):
            await line.reader.read()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await (await connect()).echo()
    assert await (await connect()).echo() == b"x"


@pytest.mark.parametrize("way", list(Way))
async def test_what_was_held_arrives_afterwards(proxy: Proxy, connect: Connect, way: Way) -> None:
    line = await connect()
    with proxy.suffering(Fault(Kind.HOLD, way, 0)), pytest.raises(TimeoutError):
        await line.echo(seconds=0.3)
    assert await asyncio.wait_for(line.reader.readexactly(1), 10) == b"x"


async def test_a_silenced_line_stays_silent_and_new_ones_work(proxy: Proxy, connect: Connect) -> None:
    line = await connect()
    await line.echo()
    with proxy.suffering(Fault(Kind.SILENCE, Way.BACK, 0)):
        pass
    with pytest.raises(TimeoutError):
        await line.echo(seconds=0.3)
    fresh = await connect()
    assert await fresh.echo() == b"x"


async def test_a_fault_counts_what_it_hits(proxy: Proxy, connect: Connect) -> None:
    line = await connect()
    await line.echo()
    with proxy.suffering(Fault(Kind.DELAY, Way.OUT, 0, 0.01)):
        assert proxy.hit_count == 0
        await line.echo()
    await line.echo()
    assert proxy.hit_count == 1


@pytest.fixture
def doors(postgres: Postgres, tmp_path: Path) -> Iterator[Doors]:
    """Proxies before the session's PostgreSQL and a Kafka of this test's own."""
    with doors_before(postgres, Home(tmp_path)) as found:
        yield found


async def test_the_path_keeps_its_promise_through_bad_connections(
    doors: Doors, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path
) -> None:
    """Orders come in while connections misbehave: each becomes one credit and one event, in order per account."""
    lot = random.Random(seed_of_run())
    await create_topics(doors.kafka.bootstrap_servers, {entry.topic for entry in catalogue_with().values()})
    more = {"kafka_bootstrap_servers": doors.bootstrap_servers}
    settings = ServiceSettings(
        **settings_for(through(doors.before_postgres, doors.postgres, sample_urls), issuer, tmp_path, **more)
    )
    sample = ServiceUnderTest(create_service(settings, catalogue_with()), issuer)
    straight = ServiceSettings(**settings_for(sample_urls, issuer, tmp_path, **more))
    seen = ServiceUnderTest(create_service(straight, catalogue_with()), issuer)
    async with running(sample):
        # Straight to the broker and until the last fault is over: each strikes a service that has work to do.
        storm = asyncio.create_task(rage(doors, plan_of(lot, 3, lot.sample(PASSING, 3)), lot))
        orders: list[OrderedV1] = []
        while not storm.done():
            some = [ordered(number, len(orders) + number + 1) for number in range(ACCOUNTS_COUNT)]
            await send(doors.kafka, "outside.orders", some)
            orders += some
        await storm
        await until(lambda: recorded(seen, len(orders)), PATIENCE_SECONDS)
        await until(lambda: published(seen), PATIENCE_SECONDS)
    assert await seen.fetch_all("SELECT reason FROM parked_message") == []
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for sent in await read_to_end(doors.kafka.bootstrap_servers, "sample.credits"):
        account, event_id, _ = told(sent)
        found[account].setdefault(event_id, CreditedV1.model_validate_json(sent.value or b"").amount_rupiah)
    for number in range(ACCOUNTS_COUNT):
        owner = ordered(number).account_id
        wanted = [each.amount_rupiah for each in orders if each.account_id == owner]
        assert list(found[str(owner)].values()) == wanted
    await seen.close()


async def recorded(sample: ServiceUnderTest, count: int) -> bool:
    """Whether so many events are in the outbox."""
    row = await sample.fetch_one("SELECT count(*) AS events FROM outbox")
    return row is not None and row.events >= count


Proxied = Callable[[], AbstractAsyncContextManager[tuple[ServiceUnderTest, Proxy]]]


@pytest.fixture
def behind_a_proxy(postgres: Postgres, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path) -> Proxied:
    """The sample, and the proxy between it and its database; made when it is asked for."""

    @asynccontextmanager
    async def made() -> AsyncIterator[tuple[ServiceUnderTest, Proxy]]:
        before = Proxy(postgres.port)
        before.start()
        settings = ServiceSettings(**settings_for(through(before, postgres, sample_urls), issuer, tmp_path))
        sample = ServiceUnderTest(create_service(settings, catalogue_with()), issuer)
        try:
            yield sample, before
        finally:
            await sample.close()
            before.stop()

    return made


async def test_a_connection_that_falls_silent_is_given_up(
    behind_a_proxy: Proxied, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half open, without a sign: the batch is tried again on a fresh connection, and takes effect once."""
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 1.0)
    # Asked once and then for long not again: it is the statement that meets the silence.
    monkeypatch.setattr(database, "PING_EVERY_SECONDS", 3600.0)
    async with behind_a_proxy() as (sample, before):
        for _ in range(2):
            await sample.processor().process([record(ordered(1))])
        with before.suffering(Fault(Kind.SILENCE, Way.BACK, 0)):
            pass
        await asyncio.wait_for(sample.processor().process([record(ordered(1))]), 60)
        rows = await sample.fetch_all("SELECT balance_rupiah FROM account")
        assert [row.balance_rupiah for row in rows] == [15]


async def test_silent_connections_of_a_pool_are_given_up_together(
    behind_a_proxy: Proxied, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, each for half a minute, they would keep users waiting long after the fault."""
    monkeypatch.setattr(database, "PING_SECONDS", 1.0)
    async with behind_a_proxy() as (sample, before):

        async def ask() -> None:
            async with sample.service.database.transaction() as tx:
                await tx.execute(text("SELECT pg_sleep(0.5)"))

        await asyncio.gather(*(ask() for _ in range(5)))
        with before.suffering(Fault(Kind.SILENCE, Way.BOTH, 0)):
            pass
        await asyncio.wait_for(asyncio.gather(*(ask() for _ in range(5))), 45)


async def test_what_a_silent_connection_held_becomes_free(
    behind_a_proxy: Proxied, sample_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL hears no more of a transaction than its client does: its locks would outlive it for ever."""
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 1.0)
    monkeypatch.setattr(database, "IDLE_SECONDS", 2.0)
    async with behind_a_proxy() as (sample, before):
        freed = asyncio.Event()
        with pytest.raises(TimeoutError):
            await _outlive_a_lock(sample.service.database, before, sample_urls, freed)
        assert freed.is_set(), "the lock was never free"


async def _outlive_a_lock(silenced: database.Database, before: Proxy, urls: DatabaseUrls, freed: asyncio.Event) -> None:
    other = await asyncpg.connect(urls.worker)
    try:
        async with silenced.transaction() as tx:
            await tx.execute(text("SELECT pg_advisory_xact_lock(4711)"))
            with before.suffering(Fault(Kind.SILENCE, Way.BOTH, 0)):
                pass
            assert not await other.fetchval("SELECT pg_try_advisory_lock(4711)")
            await until(lambda: other.fetchval("SELECT pg_try_advisory_lock(4711)"), 20)
            freed.set()
            await tx.execute(text("SELECT 1"))
    finally:
        await other.close()
