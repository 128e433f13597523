"""Messages that cannot be processed wait here with their origin, and every later one of their key behind them."""

from collections.abc import Iterable, Sequence
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

_PARKED_KEYS = text(
    """
    SELECT topic, key FROM parked_key
    WHERE consumer = :consumer
    AND (topic, key) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])))
    ORDER BY topic, key FOR SHARE
    """
)
# An update, though of nothing: it waits for a redrive that is about to free the key, and then parks it anew.
_PARK_KEY = text(
    """
    INSERT INTO parked_key (consumer, topic, key, reason) VALUES (:consumer, :topic, :key, :reason)
    ON CONFLICT (consumer, topic, key) DO UPDATE SET reason = parked_key.reason
    """
)
_PARK = text(
    """
    INSERT INTO parked_message (id, consumer, log_identity, topic, partition, log_offset, key, type, event_id,
                                correlation_id, key_sealed, headers_sealed, body_sealed, reason, detail, trace_id)
    VALUES (:id, :consumer, :log_identity, :topic, :partition, :log_offset, :key, :type, :event_id,
            :correlation_id, :key_sealed, :headers_sealed, :body_sealed, :reason, :detail, :trace_id)
    ON CONFLICT (consumer, log_identity, topic, partition, log_offset) DO NOTHING RETURNING id
    """
)
_RECENT_KEYS = text(
    """
    SELECT count(*) FROM parked_key
    WHERE consumer = :consumer AND reason = :reason AND since > clock_timestamp() - make_interval(secs => :seconds)
    """
)


class Parking:
    """The parked keys and messages of one consumer on one log."""

    def __init__(self, consumer: str, log_identity: str) -> None:
        self.consumer = consumer
        self.log_identity = log_identity

    async def parked_keys(self, tx: Transaction, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
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

    async def park(
        self,
        tx: Transaction,
        record: ConsumerRecord[Any, Any],
        *,
        reason: str,
        detail: str,
        type_: str | None,
    ) -> None:
        """Keep the record, sealed; a keyless one parks alone, any other stops its key."""
        key, origin = key_text(record, tx.vault), origin_of(record)
        row = {
            "id": new_id(),
            "consumer": self.consumer,
            "log_identity": self.log_identity,
            "topic": record.topic,
            "partition": record.partition,
            "log_offset": record.offset,
            "key": key,
            "type": type_,
            "event_id": origin.event_id,
            "correlation_id": origin.correlation_id,
            "key_sealed": None if record.key is None else tx.vault.seal_bytes(record.key),
            "headers_sealed": seal_headers(tx.vault, record.headers),
            "body_sealed": None if record.value is None else tx.vault.seal_bytes(record.value),
            "reason": reason,
            "detail": detail,
            "trace_id": origin.trace_id,
        }
        # A record parked before must not stop its key a second time: a redrive may have freed it since.
        if await tx.fetch_one(_PARK, row) is not None and key is not None:
            parked = {"consumer": self.consumer, "topic": record.topic, "key": key, "reason": reason}
            await tx.execute(_PARK_KEY, parked)

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
