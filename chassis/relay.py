"""The relay: one leader per service database sends what the outbox holds, in order, and marks it after the ack."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from chassis.logs import logger
from chassis.outbox import CHANNEL
from chassis.telemetry import carry, resume, tracer

log = logger(__name__)

LEADER_LOCK = 7_421_002
BEAT_SECONDS = 1.0
STALE_AFTER_SECONDS = 3.0
"""A leader silent for this long is ended by its challenger: killed and frozen ones alike."""
POLL_SECONDS = 0.25
"""Fallback when a wake-up is missed."""

_UNPUBLISHED = """
    SELECT position, topic, key, type, headers, body FROM outbox AS o
    WHERE published_at IS NULL AND held_reason IS NULL AND NOT EXISTS (
        SELECT 1 FROM outbox AS held WHERE held.published_at IS NULL AND held.held_reason IS NOT NULL
        AND held.topic = o.topic AND held.key = o.key AND held.position < o.position)
    ORDER BY position LIMIT $1
"""
_MARK = "UPDATE outbox SET published_at = clock_timestamp() WHERE position = ANY($1::bigint[])"
_HOLD = "UPDATE outbox SET held_reason = $2 WHERE position = $1"
_BEAT = """
    INSERT INTO relay_leader (backend_pid, instance, beat_at) VALUES (pg_backend_pid(), $1, clock_timestamp())
    ON CONFLICT (single) DO UPDATE SET backend_pid = excluded.backend_pid, instance = excluded.instance,
                                       beat_at = excluded.beat_at
"""
_END_STALE = """
    SELECT pg_terminate_backend(backend_pid) FROM relay_leader
    WHERE beat_at < clock_timestamp() - make_interval(secs => $1)
    AND EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = backend_pid AND granted
                AND objid = $2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class Relay:
    """Publishes one service's outbox. Any number may run; one leads, the others wait to take over."""

    def __init__(
        self,
        worker_database_url: str,
        bootstrap_servers: str,
        service: str,
        batch_size: int,
    ) -> None:
        self._url = worker_database_url
        self._bootstrap_servers = bootstrap_servers
        self._service = service
        self._batch_size = batch_size
        self._instance = f"{socket.gethostname()}"
        self.leading = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Lead whenever possible, until told to stop."""
        while not stopping.is_set():
            try:
                await self._take_part(stopping)
            except (
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                KafkaError,
                TimeoutError,
            ) as error:
                # Whatever was sent and not marked is sent again by a fresh, idempotent producer.
                log.warning("relay_restarted", error=type(error).__name__)
                await _pause(stopping, 0.5)
            finally:
                self.leading = False

    async def _take_part(self, stopping: asyncio.Event) -> None:
        connection = await asyncpg.connect(self._url, timeout=5)
        try:
            while not stopping.is_set():
                if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK):
                    await self._lead(connection, stopping)
                    return
                await connection.execute(_END_STALE, STALE_AFTER_SECONDS, LEADER_LOCK)
                await _pause(stopping, BEAT_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(connection.close(), 2)

    async def _lead(self, connection: "asyncpg.Connection[Any]", stopping: asyncio.Event) -> None:
        await connection.execute(_BEAT, self._instance)
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            client_id=f"{self._service}-relay",
            enable_idempotence=True,
            acks="all",
            linger_ms=5,
            max_batch_size=256 * 1024,
        )
        await producer.start()
        wake = asyncio.Event()
        await connection.add_listener(CHANNEL, lambda *_: wake.set())
        self.leading = True
        log.info("relay_leads")
        try:
            await self._publish_until(stopping, connection, producer, wake)
        finally:
            await producer.stop()

    async def _publish_until(
        self, stopping: asyncio.Event, connection: "asyncpg.Connection[Any]", producer: AIOKafkaProducer,
        wake: asyncio.Event,
    ) -> None:  # fmt: skip
        beaten_at = time.monotonic()
        while not stopping.is_set():
            wake.clear()
            rows = await connection.fetch(_UNPUBLISHED, self._batch_size)
            sent = await self._send(connection, producer, rows)
            if sent:
                await connection.execute(_MARK, sent)
            if time.monotonic() - beaten_at >= BEAT_SECONDS:
                await connection.execute(_BEAT, self._instance)
                beaten_at = time.monotonic()
            if len(rows) < self._batch_size:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), POLL_SECONDS)

    async def _send(
        self,
        connection: "asyncpg.Connection[Any]",
        producer: AIOKafkaProducer,
        rows: Sequence[asyncpg.Record],
    ) -> list[int]:
        """Send the rows; returns the positions that the broker acknowledged. One error ends this leadership."""
        pending: list[tuple[int, asyncio.Future[Any]]] = []
        held: set[tuple[str, str]] = set()
        for row in rows:
            key = (row["topic"], row["key"])
            if key in held:
                continue
            try:
                pending.append((row["position"], await self._send_one(producer, row)))
            except MessageSizeTooLargeError:
                held.add(key)
                await connection.execute(_HOLD, row["position"], "too_large")
                log.error("outbox_row_held", position=row["position"], type=row["type"])
        await asyncio.gather(*(future for _, future in pending))
        return [position for position, _ in pending]

    async def _send_one(self, producer: AIOKafkaProducer, row: asyncpg.Record) -> asyncio.Future[Any]:
        headers: dict[str, str] = orjson.loads(row["headers"])
        span = tracer.start_span(
            f"publish {row['type']}",
            resume(headers),
            kind=SpanKind.PRODUCER,
            attributes={
                "sinergi.event_id": headers["ce_id"],
                "sinergi.case_id": headers.get("ce_correlationid", ""),
            },
        )
        headers |= carry(trace.set_span_in_context(span))
        encoded = [(name, value.encode()) for name, value in headers.items()]
        future: asyncio.Future[Any] = await producer.send(
            row["topic"], row["body"], key=row["key"].encode(), headers=encoded
        )
        future.add_done_callback(lambda _: span.end())
        return future


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
