"""Services whose every connection to database and broker goes through proxies that misbehave."""

import asyncio
import random
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.guard import guard_of
from deploy.local.home import Home
from deploy.local.kafka import Kafka
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import Postgres
from deploy.local.provision import DatabaseUrls
from tests.faults.injectors import Struck
from tests.faults.proxy import Fault, Kind, Proxy, strike
from tests.faults.run import Run
from tests.faults.running import FaultStack, running_stack
from tests.faults.storm import Storm

BUSY_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Doors:
    """The servers, and the proxies before them."""

    postgres: Postgres
    kafka: Kafka
    before_postgres: Proxy
    before_kafka: Proxy

    @property
    def proxies(self) -> dict[str, Proxy]:
        """By name of the server behind."""
        return {"postgres": self.before_postgres, "kafka": self.before_kafka}

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address behind the proxy."""
        return f"{LOOPBACK}:{self.before_kafka.port}"


def through(proxy: Proxy, postgres: Postgres, urls: DatabaseUrls) -> DatabaseUrls:
    """A service's addresses, those of its own roles behind the proxy."""

    def turned(url: str) -> str:
        return url.replace(f":{postgres.port}/", f":{proxy.port}/")

    return DatabaseUrls(owner=urls.owner, app=turned(urls.app), worker=turned(urls.worker))


@contextmanager
def port_kept() -> Iterator[int]:
    """A port that nobody is given by chance while the block lasts; a server that is told it can listen there."""
    with socket.socket() as keeper:
        keeper.bind((LOOPBACK, 0))
        # Set afterwards, so that the port is a free one: servers set it too, and may share what nobody listens on.
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield int(keeper.getsockname()[1])


@contextmanager
def doors_before(postgres: Postgres, home: Home) -> Iterator[Doors]:
    """Proxies before this PostgreSQL and before a Kafka of their own, which tells clients to come through its proxy."""
    with ExitStack() as stack:
        port, inner = stack.enter_context(port_kept()), stack.enter_context(port_kept())
        before_kafka = Proxy(inner)
        kafka = Kafka(home, port, proxied=(inner, before_kafka.port))
        found = Doors(postgres, kafka, Proxy(postgres.port), before_kafka)
        for proxy in found.proxies.values():
            proxy.start()
            stack.callback(proxy.stop)
        kafka.start()
        stack.callback(kafka.stop)
        yield found


@dataclass(slots=True)
class ProxiedStack(FaultStack):
    """A fault stack whose services reach the servers through proxies; those who watch and judge go straight."""

    doors: Doors | None = None

    @property
    def bootstrap_servers(self) -> str:
        """The broker's own address."""
        assert self.doors is not None
        return self.doors.kafka.bootstrap_servers

    def database_url(self, service: str) -> str:
        """A service's database, for the superuser, past the proxy."""
        assert self.doors is not None
        return self.doors.postgres.url(service)


@contextmanager
def proxied_stack() -> Iterator[ProxiedStack]:
    """The whole stack behind proxies, in folders of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="sinergi-doors-", ignore_cleanup_errors=True) as folder,
        ExitStack() as stack,
    ):
        Path(folder).chmod(0o755)
        home = Home(Path(folder))
        home.create()
        guard = guard_of(home)
        guard.start()
        stack.callback(guard.stop)
        postgres = Postgres(home, stack.enter_context(port_kept()))
        postgres.start()
        stack.callback(postgres.stop)
        doors = stack.enter_context(doors_before(postgres, home))
        external = {
            "POSTGRES_URL": postgres.url().replace(f":{postgres.port}/", f":{doors.before_postgres.port}/"),
            "KAFKA_BOOTSTRAP_SERVERS": doors.bootstrap_servers,
        }
        running = stack.enter_context(running_stack(environment=external))
        yield ProxiedStack(running.stack, running.failpoints, running.sent_file, running.reports, doors)


def plan_of(lot: random.Random, count: int, kinds: Sequence[Kind] = tuple(Kind)) -> list[tuple[str, Fault]]:
    """Where and what, all kinds in turn."""
    return [
        (lot.choice(("postgres", "kafka")), Fault.drawn(lot, kinds[number % len(kinds)])) for number in range(count)
    ]


async def rage(doors: Doors, plan: Sequence[tuple[str, Fault]], lot: random.Random) -> None:
    """One fault after the other, with short pauses; each hits something."""
    for place, fault in plan:
        await asyncio.sleep(lot.uniform(0, 1))
        await strike(doors.proxies[place], fault)


async def rage_on(run: Run, storm: Storm, count: int) -> None:
    """The same to a whole stack, each fault only while work is in flight."""
    stack = run.stack
    assert isinstance(stack, ProxiedStack)
    assert stack.doors is not None
    for place, fault in plan_of(run.dice, count):
        busy = await _work(storm)
        await rage(stack.doors, [(place, fault)], run.dice)
        storm.note(Struck(place, f"{fault.kind}, {fault.way}", "connections", time.monotonic(), busy))


async def _work(storm: Storm) -> str:
    deadline = time.monotonic() + BUSY_SECONDS
    while not (busy := storm.watch.busy()):
        if time.monotonic() > deadline:
            raise TimeoutError("nothing is in flight")
        await asyncio.sleep(0.05)
    return busy
