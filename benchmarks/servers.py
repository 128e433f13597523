"""The real servers a benchmark runs on, in a folder of their own, and fresh databases and topics for every round."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from contracts.catalogue import Topic
from deploy.local.guard import guard_of
from deploy.local.home import Home
from deploy.local.kafka import Kafka
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.provision import create_topics


@dataclass(frozen=True, slots=True)
class Servers:
    """PostgreSQL and Kafka, configured as in the embedded stack."""

    home: Home
    postgres: Postgres
    kafka: Kafka

    async def execute(self, database: str, *statements: str) -> None:
        """Run statements as superuser."""
        connection = await asyncpg.connect(self.postgres.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def scalar(self, database: str, statement: str) -> int:
        """One number."""
        connection = await asyncpg.connect(self.postgres.url(database))
        try:
            return int(await connection.fetchval(statement))
        finally:
            await connection.close()

    async def make_topics(self, topics: Iterable[Topic]) -> None:
        """Topics of a round."""
        await create_topics(self.kafka.bootstrap_servers, topics)


@contextlib.contextmanager
def started_servers() -> Iterator[Servers]:
    """Start both servers; stop them and remove their folder at the end, also when this process is killed."""
    folder = Path(tempfile.mkdtemp(prefix="sinergi-bench-"))
    folder.chmod(0o755)
    home = Home(folder)
    home.create()
    guard = guard_of(home)
    guard.start()
    servers = Servers(home, Postgres(home, free_port()), Kafka(home, free_port()))
    try:
        servers.postgres.start()
        servers.kafka.start()
        yield servers
    finally:
        servers.kafka.stop()
        servers.postgres.stop()
        guard.stop()
        shutil.rmtree(folder, ignore_errors=True)
