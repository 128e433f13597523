"""The two sides of the chain benchmark: what they need before a round, their processes, and how a round starts."""

import asyncio
import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any, Final

import asyncpg
import orjson

from benchmarks.chain.allocation.service import CHUNK_PEOPLE
from benchmarks.chain.contract import catalogue_with
from benchmarks.floor import schema
from benchmarks.servers import Servers
from chassis.migrations import upgrade_package
from contracts.catalogue import Topic
from deploy.local.home import CHECKOUT
from deploy.local.provision import ROLE_KINDS, provision_database

ROLES: Final = ("allocation", "payment", "ledger")
_names = (f"round_{first}{second}" for first in ascii_lowercase for second in ascii_lowercase)


@dataclass
class Side(ABC):
    """One way to run the chain. Every round has databases, topics and processes of its own."""

    servers: Servers
    round_name: str = field(default_factory=lambda: next(_names))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @abstractmethod
    async def prepare(self) -> None:
        """Make databases and topics."""

    @abstractmethod
    async def start(self) -> None:
        """Start the three processes and wait until they have joined their groups."""

    @abstractmethod
    async def go(self, people_count: int) -> None:
        """Begin to allocate."""

    @abstractmethod
    def database(self, role: str) -> str:
        """Name of a role's database."""

    async def settle(self) -> None:
        """Write to disk what was prepared: no round pays for it, nor for another round."""
        await self.servers.execute("postgres", "CHECKPOINT")

    async def drop(self) -> None:
        """Remove its databases, so that PostgreSQL does not tidy them up while the next round runs."""
        for name in sorted({self.database(role) for role in ROLES}):
            await self.servers.execute("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    @property
    def topics(self) -> Sequence[str]:
        """Topics that its events go through; none where there are no events."""
        return ()

    async def is_done(self, people_count: int) -> bool:
        """Whether every posting is there and both outboxes are sent."""
        return await self.posted() >= 2 * people_count and not await self.unsent()

    def expected(self, people_count: int) -> dict[str, int]:
        """What `counts` must say at the end."""
        of_each = ("entitlements", "payments", "inbox_of_payment", "inbox_of_ledger", "transactions")
        return dict.fromkeys(of_each, people_count) | {"postings": 2 * people_count, "ledger_sum": 0}

    async def unsent(self) -> int:
        """Events of both outboxes that the broker has not acknowledged."""
        statement = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        return sum([await self.servers.scalar(self.database(role), statement) for role in ROLES[:2]])

    async def counts(self) -> dict[str, int]:
        """What must be equal at the end, and the sum that must be zero."""
        ask = self.servers.scalar
        allocation, payment, ledger = (self.database(role) for role in ROLES)
        return {
            "entitlements": await ask(allocation, "SELECT count(*) FROM entitlement"),
            "payments": await ask(payment, "SELECT count(*) FROM payment"),
            "inbox_of_payment": await ask(payment, "SELECT count(*) FROM inbox"),
            "inbox_of_ledger": await ask(ledger, "SELECT count(*) FROM inbox"),
            "transactions": await ask(ledger, "SELECT count(DISTINCT transaction_id) FROM posting"),
            "postings": await ask(ledger, "SELECT count(*) FROM posting"),
            "ledger_sum": await ask(ledger, "SELECT coalesce(sum(amount_rupiah), 0) FROM posting"),
        }

    async def posted(self) -> int:
        """How many postings there are, asked without counting them."""
        return await self.servers.scalar(
            self.database("ledger"), "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM posting_id_seq"
        )

    def spawn(self, role: str, argv: list[str], environment: Mapping[str, str]) -> None:
        """Start one process whose end follows the end of its standard input."""
        log = self.servers.home.root / f"{self.round_name}-{role}.log"
        with log.open("ab") as out:
            self.processes[role] = subprocess.Popen(  # noqa: S603 - our own interpreter on our own module
                argv, cwd=CHECKOUT, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=out, stderr=out
            )

    def kill(self, role: str) -> None:
        """End a process as a power cut would."""
        with self.processes.pop(role) as process:
            process.kill()

    async def kill_one(self) -> None:
        """Kill a process in the middle of its work and start it again. Raises where nobody promises to go on."""
        raise NotImplementedError

    def stop(self) -> None:
        """Close the processes' input, wait, and kill what stays."""
        for process in self.processes.values():
            if process.stdin:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class FloorSide(Side):
    """The hand-written chain, plain or full."""

    full: bool = True

    def database(self, role: str) -> str:
        return f"floor_{self.round_name}_{role}"

    @property
    def _topics(self) -> dict[str, str]:
        return {"allocation": f"{self.round_name}.allocated", "payment": f"{self.round_name}.paid"}

    @property
    def topics(self) -> Sequence[str]:
        return list(self._topics.values())

    async def prepare(self) -> None:
        for role in ROLES:
            await self.servers.execute("postgres", f'CREATE DATABASE "{self.database(role)}"')
            await self.servers.execute(self.database(role), schema.tables(role, full=self.full))
        partitions = 12 if self.full else 3
        await self.servers.make_topics([Topic(name, partitions) for name in self.topics])

    async def start(self) -> None:
        for role in ROLES:
            self.start_role(role)
        await asyncio.sleep(4)

    def start_role(self, role: str) -> None:
        """One process."""
        before = {"payment": "allocation", "ledger": "payment"}.get(role, "")
        floor = {
            "database_url": self.servers.postgres.url(self.database(role)),
            "bootstrap_servers": self.servers.kafka.bootstrap_servers,
            "topic_in": self._topics.get(before, ""),
            "topic_out": self._topics.get(role, ""),
            "full": self.full,
        }
        given = {"role": role, "floor": floor, "group": f"{self.round_name}-{role}"}
        self.spawn(role, [sys.executable, "-m", "benchmarks.floor.process", orjson.dumps(given).decode()], {})

    async def go(self, people_count: int) -> None:
        stdin = self.processes["allocation"].stdin
        assert stdin is not None
        stdin.write(f"{people_count} {CHUNK_PEOPLE} 0\n".encode())
        stdin.flush()

    async def kill_one(self) -> None:
        self.kill("payment")
        self.start_role("payment")

    async def unsent(self) -> int:
        if self.full:
            return await super().unsent()
        statement = "SELECT count(*) FROM outbox"
        return sum([await self.servers.scalar(self.database(role), statement) for role in ROLES[:2]])


@dataclass
class ChassisSide(Side):
    """The chain on the chassis, as three services. People come in lists, each of which begins a trace of its own."""

    traces_sample_ratio: float | None = None
    """Of the lists, how many are sampled; None: traces off."""
    traces_endpoint: str = ""
    urls: dict[str, Any] = field(default_factory=dict)

    def database(self, role: str) -> str:
        return f"{role}_{self.round_name}"

    @property
    def topics(self) -> Sequence[str]:
        return sorted(topic.name for topic in self._topics)

    @property
    def _topics(self) -> set[Topic]:
        return {entry.topic for entry in catalogue_with(f"{self.round_name}.").values()}

    async def prepare(self) -> None:
        home = self.servers.home
        for role in ROLES:
            passwords = {kind: home.secret(f"{role}_{kind}") for kind in ROLE_KINDS}
            name = self.database(role)
            self.urls[role] = await provision_database(self.servers.postgres.url(), role, passwords, name)
            await asyncio.to_thread(upgrade_package, f"benchmarks.chain.{role}", self.urls[role].owner)
        await self.servers.make_topics(self._topics)

    async def start(self) -> None:
        for role in ROLES:
            self.start_role(role)
        await asyncio.sleep(8)

    def start_role(self, role: str) -> None:
        """One process."""
        keys = self.servers.home.root / "bench-keys.json"
        if not keys.exists():
            secret = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
            keys.write_text(json.dumps({"current": "k1", "keys": {"k1": secret[0]}, "blind_index_key": secret[1]}))
        jwks = self.servers.home.root / "bench-jwks.json"
        jwks.write_text('{"keys": []}')
        traced = self.traces_sample_ratio is not None
        environment = {
            "DATABASE_URL": self.urls[role].app,
            "WORKER_DATABASE_URL": self.urls[role].worker,
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.kafka.bootstrap_servers,
            "AUTH_ISSUER": "https://issuer.bench",
            "AUTH_JWKS": str(jwks),
            "ENCRYPTION_KEYS_FILE": str(keys),
            "SERVICE_INSTANCE": self.round_name,
            "TRACES_EXPORTER": "otlp" if traced else "none",
            "TRACES_ENDPOINT": self.traces_endpoint,
            "TRACES_SAMPLE_RATIO": str(self.traces_sample_ratio or 0),
            "STOP_WHEN_STDIN_CLOSES": "true",
            "TOPIC_PREFIX": f"{self.round_name}.",
        }
        self.spawn(role, [sys.executable, "-m", f"benchmarks.chain.{role}.service"], environment)

    async def go(self, people_count: int) -> None:
        programme_id = str(uuid.uuid4())
        officer = {"issuer": "bench", "subject": "bench", "roles": ["petugas"], "agency": "dinsos", "region": "33.28"}
        jobs = [
            (uuid.uuid4(), json.dumps({"people_count": size, "programme_id": programme_id}), json.dumps(officer),
             json.dumps({"traceparent": traceparent}), size)
            for size, traceparent in traced_lists(people_count, self.traces_sample_ratio or 0)
        ]  # fmt: skip
        connection = await asyncpg.connect(self.urls["allocation"].worker)
        await connection.executemany(
            "INSERT INTO job (id, kind, parameters, officer, agency, trace, total)"
            " VALUES ($1, 'allocate', $2, $3, 'dinsos', $4, $5)",
            jobs,
        )
        await connection.close()

    async def kill_one(self) -> None:
        self.kill("payment")
        self.start_role("payment")


def traced_lists(people_count: int, sampled_share: float) -> list[tuple[int, str]]:
    """How many people each list holds, and the `traceparent` it comes with.

    As from officers whose requests are sampled, but not by chance: exactly the share of all lists is, to the nearest
    list, in every round. By chance two rounds of 10,000 people in five would have kept no span at all.
    """
    found = []
    for number, start in enumerate(range(0, people_count, CHUNK_PEOPLE)):
        sampled = round((number + 1) * sampled_share) > round(number * sampled_share)
        traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{sampled:02d}"
        found.append((min(CHUNK_PEOPLE, people_count - start), traceparent))
    return found
