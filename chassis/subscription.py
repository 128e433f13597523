"""The FastStream subscriber of a service, set so that nothing is lost (docs/decisions: acknowledgement policy)."""

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.message import AckStatus
from sqlalchemy import text

from chassis.assignment import SeekToStored
from chassis.broker import LogReplaced, Recognised, log_identity_of, refuse_other_log
from chassis.consumer import Consumers
from chassis.database import Database, is_transient
from chassis.events import Catalogue
from chassis.hearing import JOINING_SECONDS, Hearing
from chassis.logs import logger
from chassis.polling import Poll, Records, records_of
from chassis.processing import Processor
from chassis.projection import GenerationChanged, Projection, consumer_of
from chassis.records import RecordReader
from chassis.stopping import stop_for_certain
from chassis.workers import Presence, more_gather, pause, rest_after

log = logger(__name__)

REQUEST_TIMEOUT_MS = 20_000
"""A connection to the broker that falls silent is given up after this."""
ASK_TIMEOUT_MS = 500
"""How long the log is asked while it has nothing; what comes is given at once."""
MAX_POLL_INTERVAL_MS = 300_000
STALLED_SECONDS = 60
"""The log was not asked for so long: a batch hangs, or the loop does."""
GENERATION_PAUSE_SECONDS = 1
REJOINING_SECONDS = 20
"""Without a share for so long after a rebalance: more than a member that comes or goes."""
RETRYING_SECONDS = 15
"""A batch that fails for so long is more than a hiccup of the database."""

_STORED_OFFSETS = text(
    "SELECT topic, partition, next_offset FROM stored_offset WHERE consumer = :consumer AND log_identity = :log"
)


async def _started(broker: KafkaBroker) -> None:
    # The client waits for its share of the partitions without limit.
    try:
        async with asyncio.timeout(JOINING_SECONDS):
            await broker.start()
    except TimeoutError as error:
        log.error("consumer_lost", reason="group_not_joined")
        raise ConsumerDied("group_not_joined") from error


class ConsumerDied(Exception):
    """The consuming task ended although nobody asked it to, or hears nothing any more."""


class Subscription:
    """One service's consumer: all topics it hears, in batches, by one consumer group."""

    def __init__(
        self, *, service: str, bootstrap_servers: str, database: Database, catalogue: Catalogue,
        consumers: Consumers, batch_size: int, presence: Presence, instance: str = "",
        projection: Projection | None = None,
    ) -> None:  # fmt: skip
        self._service = service
        self._bootstrap_servers = bootstrap_servers
        self._database = database
        self._reader = RecordReader(service, catalogue, consumers.kinds)
        self._consumers = consumers
        self._projection = projection
        self._topics = sorted({catalogue[kind].topic.name for kind in consumers.kinds})
        self._batch_size = batch_size
        self._presence = presence
        self._instance = f"{service}-{instance}" if instance else None
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None
        self._listener: SeekToStored | None = None
        self._poll: Poll | None = None
        self.processor: Processor | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Consume until told to stop; a broker that is down is waited for, a switched projection followed."""
        while not stopping.is_set():
            try:
                await self._run(stopping)
            except GenerationChanged as error:
                log.info("generation_changed", generation=str(error))
            except LogReplaced:
                log.warning("log_replaced")

    async def _run(self, stopping: asyncio.Event) -> None:
        log_identity = await self._log_identity(stopping)
        if log_identity is None:
            return
        processor = self.processor = Processor(
            await self._consumer(), self._database, self._reader, self._consumers, log_identity, self._projection
        )
        self._broker = self._to_broker()
        listener = self._listener = SeekToStored(partial(self._stored_offsets, processor))
        subscriber = self._subscriber = self._broker.subscriber(
            *self._topics,
            batch=True,
            group_id=f"sinergi-{self._service}",
            group_instance_id=self._instance,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=100,
            listener=listener,
            parser=_parse_without_headers,
            decoder=_leave_undecoded,
        )

        consumer = partial(getattr, subscriber, "consumer")
        recognised = Recognised(log_identity, consumer)

        async def handle(message: KafkaMessage) -> None:
            await self._handle(processor, recognised, message)

        # Bound to this one: a consumer that could not be ended must not move or write for the one after it.
        listener.consumer = consumer
        subscriber(handle)
        self._poll = self._subscriber.get_msg = Poll(self._ask, self._batch_size)
        try:
            await _started(self._broker)
            log.info("consuming", topics=self._topics)
            await self._until_stopped_or_dead(stopping, Hearing(self._poll, listener))
        finally:
            await stop_for_certain(self._broker, self._subscriber.consumer, list(self.tasks))

    def _to_broker(self) -> KafkaBroker:
        return KafkaBroker(
            self._bootstrap_servers,
            logger=None,
            graceful_timeout=15,
            client_id=self._service,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            # A topic is made by who provisions the broker, with its partitions and retention; else it would be made
            # here with one partition, by whichever consumer is first back on a broker built anew.
            allow_auto_create_topics=False,
        )

    async def _until_stopped_or_dead(self, stopping: asyncio.Event, hearing: Hearing) -> None:
        while not stopping.is_set():
            if all(task.done() for task in self.tasks):
                # Raised, so that the loop around starts a fresh consumer; nobody else would.
                raise ConsumerDied(self._service)
            await self._refuse_other_generation()
            try:
                assert self.processor is not None
                await refuse_other_log(self._subscriber.consumer._client, self.processor.log_identity)
                lost = await hearing.lost(self._subscriber.consumer)
            except LogReplaced:
                raise
            except KafkaError:
                log.warning("broker_unreachable")
            else:
                if lost is not None:
                    log.error("consumer_lost", reason=lost)
                    raise ConsumerDied(lost)
            await pause(stopping, 1)

    async def _consumer(self) -> str:
        """The consumer's id: the service's name, or that of the projection's live generation."""
        if self._projection is None:
            return self._service
        async with self._database.transaction() as tx:
            return await consumer_of(tx, self._projection)

    async def _refuse_other_generation(self) -> None:
        # Raised also while nothing arrives, so that the loop around starts anew at the other generation's offsets:
        # on the way back to the generation before, they lie behind.
        assert self.processor is not None
        try:
            consumer = await self._consumer()
        except Exception as error:
            if not is_transient(error):
                raise
        else:
            if consumer != self.processor.consumer:
                raise GenerationChanged(consumer)

    async def _ask(self, consumer: AIOKafkaConsumer) -> Records:
        # The subscriber's own asking sleeps after each empty answer, however soon the next record comes.
        found = records_of(await consumer.getmany(timeout_ms=ASK_TIMEOUT_MS, max_records=self._batch_size))
        # A projection is looked at by people: nothing follows from it.
        if await more_gather(len(found), self._batch_size, patiently=self._projection is not None):
            try:
                found += records_of(await consumer.getmany(max_records=self._batch_size - len(found)))
            except KafkaError as error:
                # The client stands behind what it gave: that must not be lost for what it could not give besides.
                log.warning("more_not_gathered", error=type(error).__name__)
        return found

    async def _handle(self, processor: Processor, recognised: Recognised, message: KafkaMessage) -> None:
        records: Any = message.raw_message
        try:
            # After a batch came and before it takes effect: in a log built anew under a running consumer, its offsets
            # mean other records, and it would go on in the middle. Reading begins anew, at that log's own offsets.
            await recognised.refuse_other_log()
            await processor.process(records)
            # Telling Kafka too would decide nothing, hold up each batch, and hang for ever with a client that has lost
            # its group's coordinator.
            message.committed = AckStatus.ACKED
            await rest_after(len(records), self._presence)
        except (GenerationChanged, KafkaError):
            # The batch goes back to the log, again and again, until `run` has seen the same: not in a hot loop.
            await asyncio.sleep(GENERATION_PAUSE_SECONDS)
            raise

    async def _stored_offsets(self, processor: Processor) -> dict[TopicPartition, int]:
        async with self._database.transaction() as tx:
            parameters = {"consumer": processor.consumer, "log": processor.log_identity}
            rows = await tx.fetch_all(_STORED_OFFSETS, parameters)
        return {TopicPartition(row.topic, row.partition): row.next_offset for row in rows}

    async def _log_identity(self, stopping: asyncio.Event) -> str | None:
        """Names the log once the broker answers; None when told to stop before.

        A broker rebuilt from nothing is another log, with offsets of its own. The broker's start raises while Kafka
        is down, but a service must come up in any order, so the first contact is waited for here.
        """
        while not stopping.is_set():
            try:
                return await log_identity_of(self._bootstrap_servers)
            except (KafkaError, OSError) as error:
                log.warning("broker_unreachable", error=type(error).__name__)
                await pause(stopping, 1)
        return None

    @property
    def topics(self) -> Sequence[str]:
        """The topics heard, sorted."""
        return self._topics

    async def positions(self) -> dict[TopicPartition, int] | None:
        """The next offsets stored in the database; None before the log is known."""
        return None if self.processor is None else await self._stored_offsets(self.processor)

    @property
    def tasks(self) -> Sequence[asyncio.Task[Any]]:
        """The subscriber's consuming tasks."""
        return () if self._subscriber is None else tuple(self._subscriber.tasks)

    def _waits_for_group(self, now: float) -> bool:
        # At the start at once; later a share is taken back for a moment whenever somebody comes or goes.
        assert self._listener is not None
        since = self._listener.waits_since
        return since is not None and (not self._listener.shared or now - since > REJOINING_SECONDS)

    async def problems(self) -> list[str]:
        """Why this consumer cannot be trusted to make progress; empty when all is well."""
        processor, poll = self.processor, self._poll
        if self._subscriber is None or self._subscriber.consumer is None or processor is None or poll is None:
            return ["consumer_not_started"]
        now = time.monotonic()
        found: list[str] = []
        if all(task.done() for task in self.tasks):
            found.append("consumer_task_dead")
        if self._waits_for_group(now):
            found.append("consumer_group_not_joined")
        if processor.paused_reason:
            found.append(f"consumer_paused:{processor.paused_reason}")
        elif processor.retrying_since is not None and now - processor.retrying_since > RETRYING_SECONDS:
            found.append("consumer_retrying")
        if now - poll.asked_at > STALLED_SECONDS:
            found.append("consumer_stalled")
        return found


async def _parse_without_headers(
    records: tuple[ConsumerRecord[Any, Any], ...],
    original: Callable[[Any], Awaitable[KafkaMessage]],
) -> KafkaMessage:
    # FastStream decodes all headers before any acknowledgement: one null or non-UTF-8 header would lose the batch.
    # Of what it reads nothing but the ends is used.
    ends = (records[0], records[-1])
    parsed = await original(tuple(dataclasses.replace(record, headers=()) for record in ends))
    parsed.raw_message = records
    return parsed


async def _leave_undecoded(message: KafkaMessage) -> Any:
    return message.body
