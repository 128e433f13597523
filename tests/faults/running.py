"""The embedded stack for fault runs: every service a process of its own, watched as by `sinergi up`."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
import psutil
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.settings import ServiceSettings
from demo.crowd.acts import Journal
from demo.crowd.clerk import Clerk
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.options import Options, from_environment
from deploy.local.ports import accepts_connections, free_port
from deploy.local.postgres import Postgres
from deploy.local.stack import Stack
from deploy.local.supervisor import Backoff

PUBLISHERS = ("registry", "training", "disbursement", "followup", "notifications")
"""Services with events of their own."""
SERVICES = (*PUBLISHERS, "console")
TOKEN_LIFETIME_SECONDS = 6 * 3600
"""Longer than any run."""
RESTART_LIMIT_SECONDS = 2.0
"""A storm's kills are no crash loop: the supervisor's pauses stay short, so that services are there to be killed."""


@dataclass(slots=True)
class FaultStack:
    """A running stack: addresses, process ids, and the folder in which failpoints are armed."""

    stack: Stack
    failpoints: Path
    sent_file: Path
    """What the simulated SMS gateway took, one line for each message it really sent."""
    reports: list[str] = field(default_factory=list)
    """What the supervisor said: restarts and their reasons."""
    journals: list[Journal] = field(default_factory=list, init=False)
    """Everything that was ever done here: runs may share a stack, and nobody else acts on it."""
    numbers: set[str] = field(default_factory=set, init=False)
    """Telephone numbers of everybody who was ever served here."""

    @property
    def home(self) -> Home:
        """The stack's folder with logs and secrets."""
        return self.stack.home

    @property
    def urls(self) -> dict[str, str]:
        """HTTP addresses by service."""
        return {name: str(found["url"]) for name, found in self.stack.state["services"].items()}

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address."""
        return str(self.stack.state["kafka_bootstrap_servers"])

    def pid(self, part: str) -> int | None:
        """Process id of a service or a server (`postgres`, `kafka`); None while it does not run."""
        state = self.stack.state
        found = state["services"].get(part) or state["servers"][part]
        return found["pid"]  # type: ignore[no-any-return]

    async def serving_pid(self, part: str) -> int | None:
        """Process id of a part that answers; None while it starts, recovers, is frozen, or does not run."""
        if part == "postgres":
            serves = await self._postgres_serves()
        elif part == "kafka":
            serves = await self._kafka_serves()
        else:
            serves = await asyncio.to_thread(accepts_connections, self.stack.state["services"][part]["port"])
        pid = self.pid(part) if serves else None
        return pid if pid is not None and goes_on(pid) else None

    async def _kafka_serves(self) -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=2000)
        try:
            await admin.start()
        except (KafkaError, OSError):
            return False
        finally:
            await admin.close()
        return True

    async def _postgres_serves(self) -> bool:
        """Not while it recovers, when it takes connections only to refuse them."""
        try:
            connection = await asyncpg.connect(self.database_url("postgres"), timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    def database_url(self, service: str) -> str:
        """A service's database, for the superuser."""
        return Postgres(self.home, int(self.stack.state["servers"]["postgres"]["port"])).url(service)

    def clerk(self) -> Clerk:
        """A client of its own, with a journal of its own. Close it at the end."""
        clerk = Clerk(partial(Issuer(self.home).mint, lifetime_seconds=TOKEN_LIFETIME_SECONDS), self.urls)
        self.journals.append(clerk.journal)
        return clerk

    def known_keys(self) -> set[str]:
        """Event keys that anything ever done here may have caused."""
        return {key for journal in self.journals for key in journal.known_keys()}


def goes_on(pid: int) -> bool:
    """Whether the process runs: the kernel goes on taking connections for one that is stopped by a signal."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return False


def _options(more: Mapping[str, str]) -> Options:
    environment = dict(os.environ) | dict(more)
    wanted = from_environment(environment)
    return from_environment(environment | {f"SINERGI_{name.upper()}_PORT": str(free_port()) for name in wanted.ports})


@contextmanager
def running_stack(folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Iterator[FaultStack]:
    """A stack on free ports in a folder of its own, stopped at the end; a folder that was not given is removed.

    `environment` may name settings that services inherit (`deploy/local/inheritance.py`).
    """
    root = folder or Path(tempfile.mkdtemp(prefix="sinergi-faults-"))
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o755)
    failpoints, sent_file = root / "failpoints", root / "sent.jsonl"
    failpoints.mkdir(exist_ok=True)
    settings = {
        "FAILPOINTS_FOLDER": str(failpoints),
        "SMS_GATEWAY_SENT_FILE": str(sent_file),
        # As in production: keeping the spans of everybody costs half a core, which those who are served miss.
        "TRACES_SAMPLE_RATIO": str(ServiceSettings.model_fields["traces_sample_ratio"].default),
    }
    reports: list[str] = []
    stack = Stack(
        Home(root),
        _options(settings | dict(environment or {})),
        lambda part, what: reports.append(f"{part}: {what}"),
        backoff=lambda: Backoff(limit_seconds=RESTART_LIMIT_SECONDS),
    )
    try:
        stack.start()
        threading.Thread(target=stack.watch, name="supervisor", daemon=True).start()
        yield FaultStack(stack, failpoints, sent_file, reports)
    finally:
        stack.stop()
        if folder is None:
            shutil.rmtree(root, ignore_errors=True)
