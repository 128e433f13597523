"""Reading the databases all the time while faults strike: is the ledger balanced, and is there work in flight?"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from contracts.catalogue import TOPICS, heard_by
from demo.crowd.clerk import Clerk
from tests.faults.running import SERVICES, FaultStack

PAUSE_SECONDS: Final = 0.4
OUTAGE: Final = (
    OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidCatalogNameError, asyncpg.ObjectNotInPrerequisiteStateError, asyncpg.TooManyConnectionsError,
)  # fmt: skip
"""A server that is stopped, starts or recovers; a database that is being replaced."""

_UNBALANCED = """
    SELECT programme_id, sum(amount_rupiah) AS rupiah FROM ledger_entry JOIN posting ON posting.id = posting_id
    GROUP BY programme_id HAVING sum(amount_rupiah) <> 0
"""
_OVERSPENT = "SELECT id FROM programme WHERE available_rupiah < 0 OR unspent_rupiah < 0"
_OPEN_WORK = """
    SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS outbox,
           (SELECT count(*) FROM job WHERE state IN ('queued', 'running')) AS jobs,
           (SELECT count(*) FROM timer WHERE state = 'waiting' AND coalesce(retry_at, due_at) <= clock_timestamp())
           AS timers
"""
_MESSAGES = "SELECT count(*) FROM message WHERE state IN ('queued', 'sending', 'sent')"
OFFSETS: Final = "SELECT log_identity, topic, partition, next_offset FROM stored_offset"


@dataclass(slots=True)
class Watch:
    """Polls the services' databases until it is closed; a database that is away is asked again."""

    stack: FaultStack
    clerk: Clerk
    open_work: dict[str, dict[str, int]] = field(default_factory=dict)
    """By service: rows of the outbox, jobs, timers and messages that wait."""
    violations: list[str] = field(default_factory=list)
    ledger_checks_count: int = 0
    _hidden: set[str] = field(default_factory=set)
    _connections: dict[str, asyncpg.Connection] = field(default_factory=dict)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Watch":
        """Begin."""
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End; raises what broke the watching itself."""
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        for service in list(self._connections):
            await self._drop(service)

    def busy(self) -> str:
        """What is in flight at this moment: acts, or work that a service has still to do; empty when idle."""
        waiting = [
            f"{count} {what} at {service}"
            for service, work in self.open_work.items()
            for what, count in work.items()
            if count and what != "messages"
        ]
        requests = [f"{self.clerk.in_flight} requests"] if self.clerk.in_flight else []
        return ", ".join([*requests, *waiting])

    async def leave(self, service: str) -> None:
        """Stay away from this service's database until `come_back`: a restore wants nobody there."""
        self._hidden.add(service)
        # A look that is under way ends first: it uses the connection, or is about to open it.
        async with self._looking:
            self.open_work.pop(service, None)
            await self._drop(service)

    def come_back(self, service: str) -> None:
        """Watch it again."""
        self._hidden.discard(service)

    async def _watch(self) -> None:
        while True:
            for service in SERVICES:
                async with self._looking:
                    if service not in self._hidden:
                        await self._look_at(service)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _look_at(self, service: str) -> None:
        try:
            connection = self._connections.get(service)
            if connection is None:
                connection = await asyncpg.connect(self.stack.database_url(service), timeout=5)
                self._connections[service] = connection
            self.open_work[service] = await open_work(connection, service)
            if service == "disbursement":
                await self._look_at_ledger(connection)
        except OUTAGE:
            # What was open when it was last seen may be done long since.
            self.open_work.pop(service, None)
            await self._drop(service)

    async def _look_at_ledger(self, connection: asyncpg.Connection) -> None:
        for row in await connection.fetch(_UNBALANCED):
            self.violations.append(f"ledger of {row['programme_id']} sums to {row['rupiah']}")
        for row in await connection.fetch(_OVERSPENT):
            self.violations.append(f"programme {row['id']} is overspent")
        self.ledger_checks_count += 1

    async def _drop(self, service: str) -> None:
        if (connection := self._connections.pop(service, None)) is not None:
            connection.terminate()


async def open_work(connection: asyncpg.Connection, service: str) -> dict[str, int]:
    """What this service has still to do by itself."""
    work: dict[str, int] = dict(await connection.fetchrow(_OPEN_WORK) or {})
    if service == "notifications":
        work["messages"] = await connection.fetchval(_MESSAGES)
    return work


async def undone(stack: FaultStack) -> list[str]:
    """Everything that services still have to do: rows that wait, and records that consumers have not read."""
    found: list[str] = []
    try:
        log_identity, ends = await ends_of(stack.bootstrap_servers)
        for service in SERVICES:
            connection = await asyncpg.connect(stack.database_url(service), timeout=5)
            try:
                work = await open_work(connection, service)
                rows = await connection.fetch(OFFSETS)
            finally:
                await connection.close()
            found += [f"{service}: {count} {what}" for what, count in work.items() if count]
            if lag := unread(service, rows, log_identity, ends):
                found.append(f"{service}: {lag} records unread")
    except (*OUTAGE, KafkaError) as error:
        found.append(f"a server is away: {type(error).__name__}")
    return found


async def ends_of(bootstrap_servers: str) -> tuple[str, Mapping[TopicPartition, int]]:
    """The log's identity and the end of every partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    try:
        await admin.start()
        identity = str((await admin.describe_cluster())["cluster_id"])
        await consumer.start()
        places = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
        return identity, await consumer.end_offsets(places)
    finally:
        await consumer.stop()
        await admin.close()


def unread(service: str, rows: list[Any], log_identity: str, ends: Mapping[TopicPartition, int]) -> int:
    """Records of this log that a service has not read, in all partitions of the topics it hears."""
    heard = {row["topic"] for row in rows} | {entry.topic.name for entry in heard_by(service)}
    read = {
        TopicPartition(row["topic"], row["partition"]): row["next_offset"]
        for row in rows
        if row["log_identity"] == log_identity
    }
    return sum(max(0, end - read.get(place, 0)) for place, end in ends.items() if place.topic in heard)
