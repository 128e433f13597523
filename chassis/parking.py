"""Messages that cannot be processed wait here with their origin, and every later one of their key behind them."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import ConsumerRecord
from sqlalchemy import Row, text

from chassis.encryption import Vault
from chassis.ids import new_id
from chassis.records import key_text, origin_of
from chassis.transaction import Transaction

BEHIND = "behind_parked_key"
"""Reason of a message that waits only because an earlier one of its key does."""

Header = tuple[str, bytes | None]
Place = tuple[str, str]
"""Topic and key."""

_ANY_PARKED = text("SELECT EXISTS (SELECT FROM parked_key WHERE consumer = :consumer)")
_PARKED_KEYS = text(
    """
    SELECT topic, key FROM parked_key
    WHERE consumer = :consumer
    AND (topic, key) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])))
    ORDER BY topic, key FOR SHARE
    """
)
# An update, though of nothing: it waits for a redrive that is about to free the key, and then parks it anew.
_PARK_KEYS = text(
    """
    INSERT INTO parked_key (consumer, topic, key, reason)
    SELECT :consumer, topic, key, reason
    FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[]), CAST(:reasons AS text[]))
         AS stopped (topic, key, reason)
    ORDER BY topic, key
    ON CONFLICT (consumer, topic, key) DO UPDATE SET reason = parked_key.reason
    """
)
_COLUMNS = {
    "id": "uuid", "topic": "text", "partition": "int", "log_offset": "bigint", "key": "text", "type": "text",
    "event_id": "uuid", "correlation_id": "uuid", "key_sealed": "bytea", "headers_sealed": "bytea",
    "body_sealed": "bytea", "reason": "text", "detail": "text", "trace_id": "text",
}  # fmt: skip
_PARK = text(
    f"""
    INSERT INTO parked_message (consumer, log_identity, {", ".join(_COLUMNS)})
    SELECT :consumer, :log_identity, {", ".join(_COLUMNS)}
    FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _COLUMNS.items())})
         WITH ORDINALITY AS arrived ({", ".join(_COLUMNS)}, place)
    ORDER BY place
    ON CONFLICT (consumer, log_identity, topic, partition, log_offset) DO NOTHING RETURNING arrival, topic, key, reason
    """  # noqa: S608 - ours
)
# By its place in this log, once settled; in another log, from which this one was filled anew, by the event's id.
_PARKED_BEFORE = text(
    """
    SELECT partition, log_offset, topic
    FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]),
                CAST(:keys AS text[]), CAST(:event_ids AS uuid[]))
         AS arrived (topic, partition, log_offset, key, event_id)
    WHERE EXISTS (
        SELECT 1 FROM parked_message AS m WHERE m.consumer = :consumer AND m.log_identity = :log_identity
        AND m.topic = arrived.topic AND m.partition = arrived.partition AND m.log_offset = arrived.log_offset
        AND m.redriven_at IS NOT NULL)
    OR EXISTS (
        SELECT 1 FROM parked_message AS m WHERE m.event_id = arrived.event_id AND m.consumer = :consumer
        AND m.log_identity <> :log_identity AND m.topic = arrived.topic AND m.key IS NOT DISTINCT FROM arrived.key)
    """
)
_RECENT_KEYS = text(
    """
    SELECT count(*) FROM parked_key
    WHERE consumer = :consumer AND reason = :reason AND since > statement_timestamp() - make_interval(secs => :seconds)
    """
)


@dataclass(frozen=True, slots=True)
class ToPark:
    """A record and why it cannot be processed; `detail` and `type` free of personal data."""

    record: ConsumerRecord[Any, Any]
    reason: str
    detail: str
    type: str | None


class Parking:
    """The parked keys and messages of one consumer on one log."""

    def __init__(self, consumer: str, log_identity: str) -> None:
        self.consumer = consumer
        self.log_identity = log_identity

    async def holds_any(self, tx: Transaction) -> bool:
        """Whether any key is parked; one that a redrive is about to free is so until it is free."""
        return bool(await tx.scalar(_ANY_PARKED, {"consumer": self.consumer}))

    async def parked_keys(self, tx: Transaction, keys: Iterable[Place]) -> set[Place]:
        """Which of the (topic, key) pairs are parked; holds them so until the end of the transaction.

        A redrive that is finishing holds the row for update: waiting for it here keeps the key's order.
        """
        pairs = sorted(set(keys))
        if not pairs:
            return set()
        parameters = {
            "consumer": self.consumer,
            "topics": [t for t, _ in pairs],
            "keys": [k for _, k in pairs],
        }
        return {(row.topic, row.key) for row in await tx.fetch_all(_PARKED_KEYS, parameters)}

    async def park(self, tx: Transaction, items: Sequence[ToPark], held: AbstractSet[Place] = frozenset()) -> None:
        """Keep the records, sealed, in this order; a keyless one parks alone, any other stops its key.

        `held` are keys that this transaction has found parked and holds so.
        """
        if not items:
            return
        rows = [self._row(tx, item) for item in items]
        parameters = {name: [row[name] for row in rows] for name in _COLUMNS}
        consumer = {"consumer": self.consumer}
        parked = await tx.fetch_all(_PARK, parameters | consumer | {"log_identity": self.log_identity})
        # A record parked before must not stop its key a second time: a redrive may have freed it since.
        by_place = {(row.topic, row.key): row.reason for row in sorted(parked, key=lambda row: -int(row.arrival))}
        stopped = [(*place, reason) for place, reason in by_place.items() if place[1] is not None and place not in held]
        if stopped:
            topics, keys, reasons = (list(column) for column in zip(*stopped, strict=True))
            await tx.execute(_PARK_KEYS, consumer | {"topics": topics, "keys": keys, "reasons": reasons})

    def _row(self, tx: Transaction, item: ToPark) -> dict[str, Any]:
        record, origin = item.record, origin_of(item.record)
        return {
            "id": new_id(),
            "topic": record.topic,
            "partition": record.partition,
            "log_offset": record.offset,
            "key": key_text(record, tx.vault),
            "type": item.type,
            "event_id": origin.event_id,
            "correlation_id": origin.correlation_id,
            "key_sealed": None if record.key is None else tx.vault.seal_bytes(record.key),
            "headers_sealed": seal_headers(tx.vault, record.headers),
            "body_sealed": None if record.value is None else tx.vault.seal_bytes(record.value),
            "reason": item.reason,
            "detail": item.detail,
            "trace_id": origin.trace_id,
        }

    async def parked_before(
        self, tx: Transaction, records: Sequence[ConsumerRecord[Any, Any]]
    ) -> set[tuple[str, int, int]]:
        """Places in the log of those of the records that were settled, or parked as the same event of another log."""
        if not records:
            return set()
        parameters = {
            "consumer": self.consumer,
            "log_identity": self.log_identity,
            "topics": [record.topic for record in records],
            "partitions": [record.partition for record in records],
            "offsets": [record.offset for record in records],
            "keys": [key_text(record, tx.vault) for record in records],
            "event_ids": [origin_of(record).event_id for record in records],
        }
        rows = await tx.fetch_all(_PARKED_BEFORE, parameters)
        return {(row.topic, row.partition, row.log_offset) for row in rows}

    async def recently_parked_keys(self, tx: Transaction, reason: str, seconds: int) -> int:
        """How many keys this reason stopped lately: many at once mean a bad release, not bad data."""
        parameters = {"consumer": self.consumer, "reason": reason, "seconds": seconds}
        return int(await tx.scalar(_RECENT_KEYS, parameters))


def seal_headers(vault: Vault, headers: Iterable[Header]) -> bytes:
    """Headers in their order, whatever bytes they hold."""
    return vault.seal_bytes(orjson.dumps([[name, None if value is None else value.hex()] for name, value in headers]))


def open_headers(vault: Vault, sealed: bytes) -> list[Header]:
    """What `seal_headers` sealed."""
    stored = orjson.loads(vault.open_bytes(sealed))
    return [(name, None if value is None else bytes.fromhex(value)) for name, value in stored]


def unsealed(vault: Vault, row: Row[Any]) -> ConsumerRecord[Any, Any]:
    """The record of a `parked_message` row as it arrived."""
    return record_at(
        row,
        key=None if row.key_sealed is None else vault.open_bytes(row.key_sealed),
        headers=open_headers(vault, row.headers_sealed),
        value=None if row.body_sealed is None else vault.open_bytes(row.body_sealed),
    )


def record_at(
    row: Row[Any], *, key: bytes | None, headers: Sequence[Header], value: bytes | None
) -> ConsumerRecord[Any, Any]:
    """A record at the place of a `parked_message` row."""
    return ConsumerRecord(
        topic=row.topic,
        partition=row.partition,
        offset=row.log_offset,
        timestamp=0,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=tuple(headers),
    )
