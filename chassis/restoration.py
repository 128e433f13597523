"""After a restore from a backup: take back from the topics what this service had told since, then catch up.

`sinergi restore` marks the database. The service then reads its own topics before it tells, hears or does anything:
what its archive lacks is adopted (docs/decisions/0026-derived-ids.md). While it catches up, requests that would change
something are refused, and timers, jobs and workers wait: they would act on a state that is not the newest.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy import text

from chassis.database import Database, is_transient
from chassis.errors import Refusal
from chassis.events import Catalogue
from chassis.logs import logger

log = logger(__name__)

BATCH_LIMIT = 1000
_RETRY_SECONDS = 0.5

_MARK = text("SELECT read_from, adopted_at, caught_up_at, ends, log_identity FROM restoration")
_MARK_PUBLISHED = text(
    "UPDATE outbox SET published_at = clock_timestamp(), held_reason = NULL"
    " WHERE published_at IS NULL AND event_id = ANY(:event_ids)"
)
_ADOPT = text(
    """
    WITH lost AS (
        INSERT INTO outbox (event_id, topic, key, type, subject, correlation_id, headers, body, recorded_at,
                            published_at)
        SELECT event_id, :topic, key, headers::jsonb ->> 'ce_type', headers::jsonb ->> 'ce_subject',
               (headers::jsonb ->> 'ce_correlationid')::uuid, headers::jsonb, body,
               (headers::jsonb ->> 'ce_time')::timestamptz, clock_timestamp()
        FROM unnest(CAST(:event_ids AS uuid[]), CAST(:keys AS text[]), CAST(:headers AS text[]),
                    CAST(:bodies AS bytea[])) WITH ORDINALITY AS told (event_id, key, headers, body, place)
        ORDER BY place
        ON CONFLICT (event_id) DO NOTHING RETURNING event_id, subject, headers
    ), noted AS (
        INSERT INTO adopted_event (event_id) SELECT event_id FROM lost ON CONFLICT DO NOTHING
    ), lifted AS (
        INSERT INTO sequence_lift (subject, lift)
        SELECT subject, max((headers ->> 'ce_sequence')::bigint) FROM lost GROUP BY subject
        ON CONFLICT (subject) DO UPDATE SET lift = greatest(sequence_lift.lift, excluded.lift)
    )
    SELECT count(*) FROM lost
    """
)
_ADOPTED = text(
    "UPDATE restoration SET adopted_at = clock_timestamp(), ends = CAST(:ends AS jsonb), log_identity = :log_identity"
    " WHERE adopted_at IS NULL"
)
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
        self._source = source
        self._own_types = frozenset(kind for kind, entry in catalogue.items() if entry.owner == service)
        self._own_topics = sorted({catalogue[kind].topic.name for kind in self._own_types})
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
        wanted = {"ends": _json(mark.ends), "log_identity": mark.log_identity}
        async with self._database.transaction() as tx:
            if not await tx.scalar(_BEHIND, wanted):
                await tx.execute(_CAUGHT_UP)
                log.info("caught_up_after_restore")

    async def _adopt(self, read_from: datetime | None) -> None:
        log_identity, partitions = await _partitions(self._bootstrap_servers, self._own_topics + self._heard_topics)
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap_servers, enable_auto_commit=False)
        await consumer.start()
        try:
            ends = await _filled(consumer, [each for each in partitions if each.topic in self._heard_topics])
            own = await _filled(consumer, [each for each in partitions if each.topic in self._own_topics])
            count = await self._read(consumer, await _since(consumer, own, read_from), own)
        finally:
            await consumer.stop()
        heard = [{"topic": each.topic, "partition": each.partition, "end": end} for each, end in ends.items()]
        async with self._database.transaction() as tx:
            await tx.execute(_ADOPTED, {"ends": _json(heard), "log_identity": log_identity})
        log.info("events_adopted", count=count)

    async def _read(
        self,
        consumer: AIOKafkaConsumer,
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> int:
        """Adopt partition by partition, since of each key only one partition knows the order."""
        count = 0
        for partition, start in starts.items():
            consumer.assign([partition])
            consumer.seek(partition, start)
            while await consumer.position(partition) < ends[partition]:
                for records in (await consumer.getmany(timeout_ms=1000, max_records=BATCH_LIMIT)).values():
                    count += await self._adopt_records(partition.topic, records)
        return count

    async def _adopt_records(self, topic: str, records: Sequence[ConsumerRecord[Any, Any]]) -> int:
        told = [(record, headers) for record in records if (headers := self._own_headers(record)) is not None]
        if not told:
            return 0
        event_ids = [UUID(headers["ce_id"]) for _, headers in told]
        lost = {
            "topic": topic,
            "event_ids": event_ids,
            "keys": [record.key.decode() for record, _ in told],
            "headers": [_json(headers) for _, headers in told],
            "bodies": [record.value for record, _ in told],
        }
        async with self._database.transaction() as tx:
            await tx.execute(_MARK_PUBLISHED, {"event_ids": event_ids})
            return int(await tx.scalar(_ADOPT, lost))

    def _own_headers(self, record: ConsumerRecord[Any, Any]) -> dict[str, str] | None:
        """The headers of an event of this very service; None for whatever else somebody put there."""
        try:
            headers = {name: value.decode() for name, value in record.headers}
            record.key.decode()
            UUID(headers["ce_id"])
        except (AttributeError, KeyError, ValueError):
            return None
        own = headers.get("ce_source") == self._source and headers.get("ce_type") in self._own_types
        return headers if own and record.value is not None else None


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


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until told to stop."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


async def _partitions(bootstrap_servers: str, topics: Sequence[str]) -> tuple[str, list[TopicPartition]]:
    """Name of the log, and the partitions of those of the topics that exist."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        identity = str((await admin.describe_cluster())["cluster_id"])
        found = await admin.describe_topics(list(topics)) if topics else []
    finally:
        await admin.close()
    pairs = sorted((topic["topic"], each["partition"]) for topic in found for each in topic["partitions"])
    return identity, [TopicPartition(topic, partition) for topic, partition in pairs]


async def _filled(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """End of every partition that holds anything."""
    begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return {each: ends[each] for each in partitions if begins[each] < ends[each]}


async def _since(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], moment: datetime | None
) -> dict[TopicPartition, int]:
    """Where to begin reading: nothing that was sent before this moment can be missing."""
    if moment is None or not ends:
        return dict(await consumer.beginning_offsets(list(ends)))
    milliseconds = int(moment.timestamp() * 1000)
    found = await consumer.offsets_for_times(dict.fromkeys(ends, milliseconds))
    return {partition: place.offset for partition, place in found.items() if place is not None}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
