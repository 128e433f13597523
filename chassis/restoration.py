"""After a restore from a backup: take back from the topics what this service had told since, then catch up.

`sinergi restore` marks the database. The service then reads its own topics before it tells, hears or does anything:
what its archive lacks is adopted (chassis/adoption.py, docs/decisions/0026-derived-ids.md). While it catches up,
requests that would change something are refused, and timers, jobs and workers wait: they would act on a state that is
not the newest.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy import text

from chassis.adoption import Adoption
from chassis.broker import cluster_id
from chassis.database import Database, is_transient
from chassis.errors import Refusal
from chassis.events import Catalogue
from chassis.logs import logger
from chassis.workers import pause

log = logger(__name__)

_RETRY_SECONDS = 0.5

_MARK = text("SELECT read_from, adopted_at, caught_up_at, ends, log_identity FROM restoration")
_ADOPTED = text(
    "UPDATE restoration SET adopted_at = clock_timestamp(), ends = CAST(:ends AS jsonb), log_identity = :log_identity"
    " WHERE adopted_at IS NULL"
)
_ENDS_ANEW = text(
    "UPDATE restoration SET ends = CAST(:ends AS jsonb), log_identity = :log_identity WHERE caught_up_at IS NULL"
)
_LOG_REPLACED = text("SELECT EXISTS (SELECT 1 FROM published_log WHERE log_identity <> :log_identity)")
_BEHIND = text(
    """
    SELECT count(*) FROM jsonb_to_recordset(CAST(:ends AS jsonb)) AS wanted (topic text, partition int, "end" bigint)
    WHERE NOT EXISTS (
        SELECT 1 FROM stored_offset AS stored WHERE stored.log_identity = :log_identity AND stored.topic = wanted.topic
        AND stored.partition = wanted.partition AND stored.next_offset >= wanted."end")
    """
)
_CAUGHT_UP = text("UPDATE restoration SET caught_up_at = clock_timestamp() WHERE caught_up_at IS NULL")


class CatchingUp(Refusal):
    """A database restored from a backup does not know the newest state yet."""

    status = 503
    title = "The service is catching up after a restore from backup; send the same request again later"


class Restoration:
    """One process's view of its database's latest restore; nothing to do where there was none."""

    def __init__(
        self, service: str, source: str, catalogue: Catalogue, heard: Sequence[str], database: Database,
        bootstrap_servers: str,
    ) -> None:  # fmt: skip
        self._adoption = Adoption(service, source, catalogue, database)
        self._own_topics = sorted({entry.topic.name for entry in catalogue.values() if entry.owner == service})
        self._heard_topics = sorted({catalogue[kind].topic.name for kind in heard})
        self._database = database
        self._bootstrap_servers = bootstrap_servers
        self._settled = False
        self._is_behind = False
        self.adopted = asyncio.Event()
        """Set when nothing is left to take back: the service may tell and hear."""
        self.caught_up = asyncio.Event()
        """Set when what others told until the restore has been heard: the service may act."""

    async def refuse_while_pending(self) -> None:
        """Raise CatchingUp while the database is behind; a database is only ever replaced under a stopped service."""
        if not self._settled:
            mark = await self._mark()
            if mark is not None and mark.caught_up_at is None:
                raise CatchingUp
            self._settled = True

    def problems(self) -> list[str]:
        """Why the process is not ready for this reason; empty when it is."""
        return ["catching_up_after_restore"] if self._is_behind else []

    async def run(self, stopping: asyncio.Event) -> None:
        """Adopt and catch up if the database was restored; then only wait for the end."""
        while not (self.caught_up.is_set() or stopping.is_set()):
            try:
                await self._settle(stopping)
            except Exception as error:
                if not isinstance(error, KafkaError) and not is_transient(error):
                    raise
                log.warning("restoration_retried", error=type(error).__name__)
                await pause(stopping, _RETRY_SECONDS)
        await stopping.wait()

    async def _settle(self, stopping: asyncio.Event) -> None:
        mark = await self._mark()
        self._is_behind = mark is not None and mark.caught_up_at is None
        if mark is not None and mark.adopted_at is None:
            await self._adopt(mark.read_from)
        self.adopted.set()
        while not stopping.is_set():
            mark = await self._mark()
            if mark is None or mark.caught_up_at is not None:
                self._is_behind = False
                self.caught_up.set()
                return
            await self._note_whether_caught_up(mark)
            await pause(stopping, _RETRY_SECONDS)

    async def _mark(self) -> Any:
        async with self._database.transaction() as tx:
            return await tx.fetch_one(_MARK)

    async def _note_whether_caught_up(self, mark: Any) -> None:
        async with self._reading() as (consumer, log_identity):
            here = {"log_identity": log_identity}
            async with self._database.transaction() as tx:
                # A new log is empty until the archives are sent into it: having read it all would mean nothing.
                if await tx.scalar(_LOG_REPLACED, here):
                    return
                if mark.log_identity != log_identity:
                    await tx.execute(_ENDS_ANEW, here | {"ends": await self._heard_ends(consumer)})
                elif not await tx.scalar(_BEHIND, here | {"ends": _json(mark.ends)}):
                    await tx.execute(_CAUGHT_UP)
                    log.info("caught_up_after_restore")

    async def _adopt(self, read_from: datetime | None) -> None:
        async with self._reading() as (consumer, log_identity):
            found = {"ends": await self._heard_ends(consumer), "log_identity": log_identity}
            own = await self._filled(consumer, self._own_topics)
            count = await self._adoption.adopt(consumer, own, read_from)
        async with self._database.transaction() as tx:
            await tx.execute(_ADOPTED, found)
        log.info("events_adopted", count=count)

    @contextlib.asynccontextmanager
    async def _reading(self) -> AsyncIterator[tuple[AIOKafkaConsumer, str]]:
        """A consumer without a group, and the identity of the log it reads."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap_servers, enable_auto_commit=False)
        await consumer.start()
        try:
            yield consumer, await cluster_id(consumer._client)
        finally:
            await consumer.stop()

    async def _heard_ends(self, consumer: AIOKafkaConsumer) -> str:
        ends = await self._filled(consumer, self._heard_topics)
        return _json([{"topic": each.topic, "partition": each.partition, "end": end} for each, end in ends.items()])

    async def _filled(self, consumer: AIOKafkaConsumer, topics: Sequence[str]) -> dict[TopicPartition, int]:
        """End of every partition that holds anything."""
        partitions = await _partitions(self._bootstrap_servers, topics)
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        return {each: ends[each] for each in partitions if begins[each] < ends[each]}


def after(condition: asyncio.Event, run: Callable[[asyncio.Event], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A loop that begins once the condition is set, unless it is told to stop before."""

    async def begin(stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(each.wait()) for each in (condition, stopping)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if not stopping.is_set():
            await run(stopping)

    return begin


async def _partitions(bootstrap_servers: str, topics: Sequence[str]) -> list[TopicPartition]:
    """The partitions of those of the topics that exist."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        found = await admin.describe_topics(list(topics)) if topics else []
    finally:
        await admin.close()
    pairs = sorted((topic["topic"], each["partition"]) for topic in found for each in topic["partitions"])
    return [TopicPartition(topic, partition) for topic, partition in pairs]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
