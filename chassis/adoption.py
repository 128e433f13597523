"""Taking back from a service's own topics what its restored archive lacks of what it had told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import BaseModel
from sqlalchemy import text

from chassis.database import Database
from chassis.events import Catalogue, Delivered
from chassis.logs import logger
from chassis.polling import Poll, Records, records_of
from chassis.records import Readable, RecordReader, Unreadable

log = logger(__name__)

BATCH_LIMIT = 1000
_MAX_SEQUENCE = 2**63 - 1

_MARK_PUBLISHED = text(
    "UPDATE outbox SET published_at = clock_timestamp(), held_reason = NULL"
    " WHERE published_at IS NULL AND event_id = ANY(:event_ids)"
)
_ADOPT = text(
    """
    WITH lost AS (
        INSERT INTO outbox (event_id, topic, key, type, subject, correlation_id, headers, body, recorded_at,
                            published_at)
        SELECT event_id, :topic, key, type, subject, correlation_id, headers::jsonb, body, told_at, clock_timestamp()
        FROM unnest(CAST(:event_ids AS uuid[]), CAST(:keys AS text[]), CAST(:types AS text[]),
                    CAST(:subjects AS text[]), CAST(:cases AS uuid[]), CAST(:headers AS text[]),
                    CAST(:bodies AS bytea[]), CAST(:times AS timestamptz[])) WITH ORDINALITY
             AS told (event_id, key, type, subject, correlation_id, headers, body, told_at, place)
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


@dataclass(frozen=True, slots=True)
class _Told:
    """An event of this very service, fit for its archive."""

    event: Delivered[BaseModel]
    subject: str
    headers: str
    body: bytes


class Adoption:
    """Reads the topics of one service, and keeps in its archive what is missing there, as published."""

    def __init__(self, service: str, source: str, catalogue: Catalogue, database: Database) -> None:
        self._source = source
        self._catalogue = catalogue
        self._reader = RecordReader.of_publisher(service, catalogue)
        self._database = database
        self._poll = Poll(_ask, BATCH_LIMIT)

    async def adopt(
        self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], moment: datetime | None
    ) -> int:
        """Adopt what was sent since the moment, or ever; returns how many events were missing.

        Partition by partition, since of each key only one partition knows the order.
        """
        count = 0
        for partition, start in (await _since(consumer, ends, moment)).items():
            consumer.assign([partition])
            consumer.seek(partition, start)
            while await consumer.position(partition) < ends[partition]:
                count += await self._adopt(partition.topic, await self._poll(consumer))
        return count

    async def _adopt(self, topic: str, records: Sequence[ConsumerRecord[Any, Any]]) -> int:
        told = [found for record in records if (found := self._told(record)) is not None]
        if not told:
            return 0
        event_ids = [each.event.id for each in told]
        lost = {
            "topic": topic,
            "event_ids": event_ids,
            "keys": [each.event.key for each in told],
            "types": [each.event.type for each in told],
            "subjects": [each.subject for each in told],
            "cases": [each.event.case for each in told],
            "headers": [each.headers for each in told],
            "bodies": [each.body for each in told],
            "times": [each.event.time for each in told],
        }
        async with self._database.transaction() as tx:
            await tx.execute(_MARK_PUBLISHED, {"event_ids": event_ids})
            return int(await tx.scalar(_ADOPT, lost))

    def _told(self, record: ConsumerRecord[Any, Any]) -> _Told | None:
        """The event of this very service; None for whatever else somebody put there, which must stop nobody."""
        arrived = self._reader.read(record)
        if isinstance(arrived, Unreadable):
            _pass_over(record, arrived.reason)
        if not isinstance(arrived, Readable) or arrived.event.source != self._source:
            return None
        if not _fits(arrived):
            _pass_over(record, "malformed_attributes")
            return None
        headers = {name: value.decode() for name, value in record.headers}
        subject = str(getattr(arrived.event.data, self._catalogue[arrived.event.type].subject))
        return _Told(arrived.event, subject, orjson.dumps(headers).decode(), record.value)


def _fits(arrived: Readable) -> bool:
    """Whether the database can hold it: an event that was told by us always fits."""
    event = arrived.event
    try:
        event.time.astimezone(UTC)
    except OverflowError:
        return False
    no_nul = not any("\x00" in name or b"\x00" in value for name, value in arrived.record.headers)
    return no_nul and event.time.tzinfo is not None and 0 <= event.sequence <= _MAX_SEQUENCE


def _pass_over(record: ConsumerRecord[Any, Any], reason: str) -> None:
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    log.warning("record_not_adopted", reason=reason, **place)


async def _ask(consumer: AIOKafkaConsumer) -> Records:
    return records_of(await consumer.getmany(timeout_ms=1000, max_records=BATCH_LIMIT))


async def _since(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], moment: datetime | None
) -> dict[TopicPartition, int]:
    """Where to begin reading: nothing that was sent before this moment can be missing."""
    if moment is None or not ends:
        return dict(await consumer.beginning_offsets(list(ends)))
    milliseconds = int(moment.timestamp() * 1000)
    found = await consumer.offsets_for_times(dict.fromkeys(ends, milliseconds))
    return {partition: place.offset for partition, place in found.items() if place is not None}
