"""The whole product on the benchmark's servers, and officers who bring people through it by its public APIs."""

import asyncio
import contextlib
import itertools
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from benchmarks.servers import Servers
from chassis.settings import ServiceSettings
from demo.crowd.clerk import Clerk
from demo.crowd.handing import hand_over
from demo.crowd.people import Somebody, Way
from demo.crowd.wave import Wave
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.options import Options, from_environment
from deploy.local.ports import free_port
from deploy.local.stack import Stack

PROGRAMME_PEOPLE: Final = 1000
AT_ONCE: Final = 4
"""Programmes under way at a time: while one waits for facts to travel, another one works."""
MESSAGES_PER_PERSON: Final = 3
"""Set aside, invited, received."""
TOKEN_LIFETIME_SECONDS: Final = 24 * 3600
"""Longer than any run."""
_SENT: Final = frozenset({"sent", "delivered"})


@dataclass
class Product:
    """The running services and the people they have served so far."""

    servers: Servers
    stack: Stack
    clerk: Clerk
    first_programme: int = 1
    waves: list[Wave] = field(default_factory=list)

    def __post_init__(self) -> None:
        everybody = (Somebody(number) for number in itertools.count(self.first_programme * 2 * PROGRAMME_PEOPLE))
        self._strangers = (somebody for somebody in everybody if somebody.way is Way.SERVED)

    @property
    def pids(self) -> dict[str, int]:
        """Process id of each service."""
        return {name: found["pid"] for name, found in self.stack.state["services"].items()}

    def wave(self, size: int) -> Wave:
        """A programme for so many people, none of whom was in another, and none of whom stays away."""
        number = self.first_programme + len(self.waves)
        today = datetime.now(ZoneInfo("Asia/Jakarta")).date()
        wave = Wave(self.clerk, f"ukur-{number}", list(itertools.islice(self._strangers, size)), today)
        self.waves.append(wave)
        return wave

    async def serve(self, people_count: int) -> None:
        """From the list to the mentoring plan and the last message, some programmes at a time."""
        sizes = [PROGRAMME_PEOPLE] * (people_count // PROGRAMME_PEOPLE)
        sizes += [people_count % PROGRAMME_PEOPLE] if people_count % PROGRAMME_PEOPLE else []
        room = asyncio.Semaphore(AT_ONCE)

        async def one(size: int) -> None:
            async with room:
                await serve(self.wave(size))

        async with asyncio.TaskGroup() as group:
            for size in sizes:
                group.create_task(one(size))


async def serve(wave: Wave) -> None:
    """Import → enrol → complete → set aside → decide → hand over → message → mentoring plan, for one programme."""
    await wave.prepare()
    await hand_over(wave)
    wave.step = "plans"
    await wave.until(lambda: _plans_count(wave), lambda count: count == len(wave.people), "all planned")
    wave.step = "messages"
    wanted = MESSAGES_PER_PERSON * len(wave.people)
    await wave.until(lambda: _sent_count(wave), lambda count: count == wanted, f"{wanted} messages sent")


async def _plans_count(wave: Wave) -> int:
    summary = await wave.clerk.get(wave.petugas, "followup", "/summary", programme_id=wave.programme_id)
    return int(summary["plans"].get("active", 0))


async def _sent_count(wave: Wave) -> int:
    counts = await wave.clerk.get(wave.petugas, "notifications", "/message-counts", programme_id=wave.programme_id)
    return sum(each["count"] for each in counts if each["state"] in _SENT)


@contextlib.contextmanager
def product(servers: Servers, first_programme: int = 1) -> Iterator[Product]:
    """The product on these servers, watched as by `sinergi up`, stopped at the end.

    Started again on the same servers it needs another `first_programme`, for programmes and people of its own.
    """
    home = home_of(servers)
    stack = Stack(home, _options(servers), lambda _part, _what: None)
    try:
        stack.start()
        threading.Thread(target=stack.watch, name="supervisor", daemon=True).start()
        urls = {name: str(found["url"]) for name, found in stack.state["services"].items()}
        clerk = Clerk(partial(Issuer(home).mint, lifetime_seconds=TOKEN_LIFETIME_SECONDS), urls)
        yield Product(servers, stack, clerk, first_programme)
    finally:
        stack.stop()


def home_of(servers: Servers) -> Home:
    """The product's folder, none of the servers' own: a stack ends what it finds running in its folder."""
    return Home(servers.home.root / "product")


def _options(servers: Servers) -> Options:
    environment = dict(os.environ) | {
        "POSTGRES_URL": servers.postgres.url(),
        "KAFKA_BOOTSTRAP_SERVERS": servers.kafka.bootstrap_servers,
        # As in production: the embedded stack keeps every span, which is a demo's need.
        "TRACES_SAMPLE_RATIO": str(ServiceSettings.model_fields["traces_sample_ratio"].default),
    }
    wanted = from_environment(environment)
    return from_environment(environment | {f"SINERGI_{name.upper()}_PORT": str(free_port()) for name in wanted.ports})
