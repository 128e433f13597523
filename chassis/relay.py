"""The relay: one leader per service database sends what the outbox holds, in order, and marks it after the ack."""

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiokafka import TopicPartition
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from opentelemetry.trace import Span

from chassis.broker import LeadershipLapsed, RelayProducer, cluster_id
from chassis.failpoints import AFTER_ACK, reach
from chassis.logs import about, logger
from chassis.outbox import BEHIND_HELD, CHANNEL, HELD
from chassis.published_log import may_publish_into
from chassis.record_batches import RecordBatch, pack, waves
from chassis.telemetry import current_trace_id, resume
from chassis.workers import more_gather, pause

log = logger(__name__)

LEADER_LOCK = 7_421_002
STATEMENT_SECONDS = 15.0
"""A connection that a firewall has forgotten gives no sign, ever: what takes longer is given up."""
BEAT_SECONDS = 1.0
STALE_AFTER_SECONDS = 3.0
"""A leader silent for this long is ended by its challenger, and sends nothing any more should it wake up again."""
CHALLENGE_SECONDS = 0.5
"""How often the others look at the leader: with the above, another one publishes within five seconds."""
LOOK_AGAIN_SECONDS = 1.0
"""How often a leader that sends nothing looks which log the broker has."""
RELAY_NAME = "sinergi-relay"
"""Name of every relay's connection in PostgreSQL, by which they can be counted."""
_SESSION = {
    "application_name": RELAY_NAME,
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_sort": "off",
    "enable_hashjoin": "off",
    "enable_bitmapscan": "off",
}
"""Planned once, and by the index as far as the limit: a depth that PostgreSQL does not expect must not be sorted, nor
an outbox that was empty then be read whole."""
POLL_SECONDS = 0.25
"""Fallback when a wake-up is missed."""
AVOID_SECONDS = 5.0
"""How long a topic that is missing or forbidden is left alone, so that it delays nobody else's events."""
TROUBLE_SECONDS = 10.0
"""Longer than a broker's restart: after it readiness says that events do not get out."""
_TOPIC_UNAVAILABLE = (UnknownTopicOrPartitionError, InvalidTopicError, TopicAuthorizationFailedError)
_OUTAGE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    KafkaError,
)

_UNPUBLISHED = f"""
    WITH {HELD}
    SELECT event_id, topic, key, type, headers, body FROM outbox AS o
    WHERE published_at IS NULL AND held_reason IS NULL AND topic <> ALL($2::text[]) AND NOT {BEHIND_HELD}
    ORDER BY position LIMIT $1
"""  # noqa: S608 - constants of ours
_MARK = """
    UPDATE outbox SET published_at = clock_timestamp()
    WHERE event_id = ANY($1::uuid[]) AND event_id BETWEEN $2 AND $3
"""
"""The bounds say nothing new, but by them PostgreSQL leaves the partitions of other months alone."""
_BEAT_AGAIN = """
    UPDATE relay_leader SET beat_at = clock_timestamp(), unavailable_topics = $2 WHERE instance = $1 RETURNING true
"""
_HOLD = "UPDATE outbox SET held_reason = $2 WHERE event_id = $1"
_BEAT = """
    INSERT INTO relay_leader (backend_pid, instance, beat_at) VALUES (pg_backend_pid(), $1, clock_timestamp())
    ON CONFLICT (single) DO UPDATE SET backend_pid = excluded.backend_pid, instance = excluded.instance,
                                       beat_at = excluded.beat_at, unavailable_topics = excluded.unavailable_topics
"""
_END_STALE = """
    SELECT pg_terminate_backend(backend_pid) FROM relay_leader
    WHERE beat_at < statement_timestamp() - make_interval(secs => $1)
    AND EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = backend_pid AND granted
                AND objid = $2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class Relay:
    """Publishes one service's outbox. Any number may run; one leads, the others wait to take over."""

    def __init__(self, worker_database_url: str, bootstrap_servers: str, service: str, batch_size: int) -> None:
        self._url = worker_database_url
        self._bootstrap_servers = bootstrap_servers
        self._service = service
        self._batch_size = batch_size
        self._instance = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(2)}"
        self._avoided: dict[str, float] = {}
        """Topics that could not be written to, and until when (monotonic) they are left alone."""
        self._one_by_one: set[str] = set()
        """Topics that refused several records together as too large, until the record that is too large is found."""
        self._trouble_since: float | None = None
        self._beaten_at = float("-inf")
        """When (monotonic) the last beat that the database took was sent; long ago in a process that does not lead."""
        self._log_replaced = False

    @property
    def leads(self) -> bool:
        """Whether this process leads for certain: nobody else can have found it silent for too long yet."""
        return time.monotonic() - self._beaten_at < STALE_AFTER_SECONDS

    def problems(self) -> list[str]:
        """Why events do not get out; empty when all is well."""
        found = [f"topic_unavailable:{topic}" for topic in sorted(self._avoided)]
        if self._trouble_since is not None and time.monotonic() - self._trouble_since > TROUBLE_SECONDS:
            found.append("relay_failing")
        if self._log_replaced:
            found.append("log_replaced")
        return found

    async def run(self, stopping: asyncio.Event) -> None:
        """Lead whenever possible, until told to stop."""
        while not stopping.is_set():
            try:
                await self._take_part(stopping)
            except _OUTAGE as error:
                # Whatever was sent and not marked is sent again by a fresh, idempotent producer.
                self._trouble_since = self._trouble_since or time.monotonic()
                log.warning("relay_restarted", error=type(error).__name__)
                await pause(stopping, 0.5)

    async def _take_part(self, stopping: asyncio.Event) -> None:
        connection = await asyncpg.connect(
            self._url, timeout=5, command_timeout=STATEMENT_SECONDS, server_settings=_SESSION
        )
        try:
            while not stopping.is_set():
                if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK):
                    await self._lead(connection, stopping)
                    return
                ended = await connection.fetchval(_END_STALE, STALE_AFTER_SECONDS, LEADER_LOCK)
                await pause(stopping, 0.05 if ended else CHALLENGE_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(connection.close(), 2)

    async def _lead(self, connection: "asyncpg.Connection[Any]", stopping: asyncio.Event) -> None:
        sent_at = time.monotonic()
        await connection.execute(_BEAT, self._instance)
        self._beaten_at = sent_at
        producer = RelayProducer(
            may_send=lambda: self.leads,
            bootstrap_servers=self._bootstrap_servers,
            client_id=f"{self._service}-relay",
        )
        # The beat has a connection of its own: a slow broker must not make a healthy leader look frozen.
        heart = asyncio.create_task(self._beat())
        try:
            await producer.start()
            wake = asyncio.Event()
            await connection.add_listener(CHANNEL, lambda *_: wake.set())
            log.info("relay_leads")
            await self._wait_for_our_log(stopping, connection, producer)
            await self._publish_until(stopping, connection, producer, wake)
        finally:
            heart.cancel()
            await asyncio.gather(heart, return_exceptions=True)
            # From here on nothing may be sent: what the producer still holds, the next leader sends again, in order.
            self._beaten_at = float("-inf")
            self._log_replaced = False
            await producer.stop()

    async def _beat(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=5, command_timeout=STATEMENT_SECONDS)
        try:
            while True:
                sent_at = time.monotonic()
                if not await connection.fetchval(_BEAT_AGAIN, self._instance, sorted(self._avoided)):
                    return
                self._beaten_at = sent_at
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            connection.terminate()

    async def _wait_for_our_log(
        self, stopping: asyncio.Event, connection: "asyncpg.Connection[Any]", producer: RelayProducer
    ) -> None:
        while not stopping.is_set() and not await may_publish_into(connection, producer.log_identity, stopping):
            if not self._log_replaced:
                log.error("log_replaced", log_identity=producer.log_identity)
            self._log_replaced = True
            await pause(stopping, LOOK_AGAIN_SECONDS)
            producer.log_identity = await cluster_id(producer.client)
        self._log_replaced = False

    async def _publish_until(
        self, stopping: asyncio.Event, connection: "asyncpg.Connection[Any]", producer: RelayProducer,
        wake: asyncio.Event,
    ) -> None:  # fmt: skip
        looked_at = time.monotonic()
        while not stopping.is_set():
            if not self.leads:
                raise LeadershipLapsed
            if time.monotonic() - looked_at > LOOK_AGAIN_SECONDS:
                await producer.refuse_other_log()
                looked_at = time.monotonic()
            wake.clear()
            self._avoided = {topic: until for topic, until in self._avoided.items() if until > time.monotonic()}
            rows = await connection.fetch(_UNPUBLISHED, self._batch_size, list(self._avoided))
            await self._send(connection, producer, rows)
            self._trouble_since = None
            if len(rows) < self._batch_size and not await more_gather(len(rows), self._batch_size):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), POLL_SECONDS)

    async def _send(
        self, connection: "asyncpg.Connection[Any]", producer: RelayProducer, rows: Sequence[asyncpg.Record]
    ) -> None:
        """Send the rows and mark what the broker acknowledged; what cannot be sent holds its key or topic only."""
        for topic in {row["topic"] for row in rows}:
            if not await _is_known(producer, topic):
                self._avoid(topic, "unknown")
        known = [row for row in rows if row["topic"] not in self._avoided]
        failed: set[TopicPartition] = set()
        shared: list[Span] = []
        try:
            for wave in waves(pack(producer, known, self._one_by_one, shared)):
                failed |= await self._send_wave(connection, producer, [one for one in wave if one.place not in failed])
        finally:
            for span in shared:
                span.end()

    async def _send_wave(
        self, connection: "asyncpg.Connection[Any]", producer: RelayProducer, batches: Sequence[RecordBatch]
    ) -> set[TopicPartition]:
        """The partitions that did not take their batch: what comes after it there must wait for it."""
        answers = [await batch.send(producer) for batch in batches]
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
        sent: list[UUID] = []
        failed: set[TopicPartition] = set()
        fault: BaseException | None = None
        for batch, outcome in zip(batches, outcomes, strict=True):
            if not isinstance(outcome, BaseException):
                sent += [row["event_id"] for row in batch.rows]
                continue
            failed.add(batch.place)
            if isinstance(outcome, MessageSizeTooLargeError):
                await self._too_large(connection, batch)
            elif isinstance(outcome, _TOPIC_UNAVAILABLE):
                self._avoid(batch.place.topic, type(outcome).__name__)
            else:
                fault = outcome
        if sent:
            reach(AFTER_ACK)
            await connection.execute(_MARK, sent, min(sent), max(sent))
        if fault is not None:
            raise fault
        return failed

    async def _too_large(self, connection: "asyncpg.Connection[Any]", batch: RecordBatch) -> None:
        if len(batch.rows) > 1:
            self._one_by_one.add(batch.place.topic)
            log.warning("batch_too_large", topic=batch.place.topic)
            return
        row = batch.rows[0]
        self._one_by_one.discard(batch.place.topic)
        await connection.execute(_HOLD, row["event_id"], "too_large")
        headers: dict[str, str] = orjson.loads(row["headers"])
        trace_id, case_id = current_trace_id(resume(headers)), headers.get("ce_correlationid")
        with about(trace_id=trace_id, event_id=row["event_id"], case_id=case_id):
            log.error("outbox_row_held", type=row["type"])

    def _avoid(self, topic: str, reason: str) -> None:
        self._avoided[topic] = time.monotonic() + AVOID_SECONDS
        log.error("topic_unavailable", topic=topic, reason=reason)


async def _is_known(producer: RelayProducer, topic: str) -> bool:
    """Whether the cluster has the topic; asked before sending, which would wait for it and hold up all others."""
    if not producer.client.cluster.partitions_for_topic(topic):
        await producer.client.add_topic(topic)
        # A topic that is tracked already is not asked for again: it may have been made since.
        await producer.client.force_metadata_update()
    return bool(producer.client.cluster.partitions_for_topic(topic))
