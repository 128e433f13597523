"""Messages that cannot be processed wait here with their origin, and every later one of their key behind them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson
from aiokafka import ConsumerRecord
from sqlalchemy import Row, text

from chassis.ids import new_id
from chassis.records import key_text
from chassis.telemetry import current_trace_id
from chassis.transaction import Transaction

BEHIND = "behind_parked_key"
"""Reason of a message that waits only because an earlier one of its key does."""

_PARKED_KEYS = text(
    """
    SELECT topic, key FROM parked_key
    WHERE consumer = :consumer
    AND (topic, key) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])))
    ORDER BY topic, key FOR SHARE
    """
)
_PARK_KEY = text(
    """
    INSERT INTO parked_key (consumer, topic, key, reason) VALUES (:consumer, :topic, :key, :reason)
    ON CONFLICT DO NOTHING
    """
)
_PARK = text(
    """
    INSERT INTO parked_message (id, consumer, log_identity, topic, partition, log_offset, key, type,
                                key_sealed, headers_sealed, body_sealed, reason, detail, trace_id)
    VALUES (:id, :consumer, :log_identity, :topic, :partition, :log_offset, :key, :type,
            :key_sealed, :headers_sealed, :body_sealed, :reason, :detail, :trace_id)
    ON CONFLICT (consumer, log_identity, topic, partition, log_offset) DO NOTHING RETURNING id
    """
)
_RECENT_KEYS = text(
    """
    SELECT count(*) FROM parked_key
    WHERE consumer = :consumer AND reason = :reason AND since > clock_timestamp() - make_interval(secs => :seconds)
    """
)
_WAITING = text(
    """
    SELECT * FROM parked_message WHERE consumer = :consumer AND redriven_at IS NULL
    AND (CAST(:topic AS text) IS NULL OR topic = :topic) AND (CAST(:key AS text) IS NULL OR key = :key)
    AND (CAST(:id AS uuid) IS NULL OR id = :id) AND arrival > :after
    ORDER BY arrival LIMIT :limit
    """
)
_LOCK_KEY = text("SELECT 1 FROM parked_key WHERE consumer = :consumer AND topic = :topic AND key = :key FOR UPDATE")
_REDRIVEN = text(
    "UPDATE parked_message SET redriven_at = clock_timestamp(), last_attempt_at = clock_timestamp(),"
    " attempts = attempts + 1 WHERE id = :id"
)
_FAILED_AGAIN = text(
    "UPDATE parked_message SET last_attempt_at = clock_timestamp(), attempts = attempts + 1,"
    " reason = :reason, detail = :detail WHERE id = :id"
)
_FREE_KEY = text("DELETE FROM parked_key WHERE consumer = :consumer AND topic = :topic AND key = :key")


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
        key = key_text(record)
        headers = [[name, None if value is None else value.hex()] for name, value in record.headers]
        row = {
            "id": new_id(),
            "consumer": self.consumer,
            "log_identity": self.log_identity,
            "topic": record.topic,
            "partition": record.partition,
            "log_offset": record.offset,
            "key": key,
            "type": type_,
            "key_sealed": None if record.key is None else tx.vault.seal_bytes(record.key),
            "headers_sealed": tx.vault.seal_bytes(orjson.dumps(headers)),
            "body_sealed": None if record.value is None else tx.vault.seal_bytes(record.value),
            "reason": reason,
            "detail": detail,
            "trace_id": current_trace_id(),
        }
        # A record parked before must not stop its key a second time: a redrive may have freed it since.
        if await tx.fetch_one(_PARK, row) is not None and key is not None:
            parked = {"consumer": self.consumer, "topic": record.topic, "key": key, "reason": reason}
            await tx.execute(_PARK_KEY, parked)

    async def recently_parked_keys(self, tx: Transaction, reason: str, seconds: int) -> int:
        """How many keys this reason stopped lately: many at once mean a bad release, not bad data."""
        parameters = {"consumer": self.consumer, "reason": reason, "seconds": seconds}
        return int(await tx.scalar(_RECENT_KEYS, parameters))

    async def waiting(
        self,
        tx: Transaction,
        *,
        topic: str | None = None,
        key: str | None = None,
        message_id: UUID | None = None,
        after: int = 0,
        limit: int = 500,
    ) -> list[Row[Any]]:
        """Parked messages in order of arrival."""
        parameters = {
            "consumer": self.consumer,
            "topic": topic,
            "key": key,
            "id": message_id,
            "after": after,
        }
        return list(await tx.fetch_all(_WAITING, parameters | {"limit": limit}))

    async def lock_key(self, tx: Transaction, topic: str, key: str) -> None:
        """Stop the consumer from looking at this key until the transaction ends."""
        await tx.execute(_LOCK_KEY, {"consumer": self.consumer, "topic": topic, "key": key})

    async def mark_redriven(self, tx: Transaction, message_id: UUID) -> None:
        """The message took effect."""
        await tx.execute(_REDRIVEN, {"id": message_id})

    async def mark_failed(self, tx: Transaction, message_id: UUID, reason: str, detail: str) -> None:
        """The message failed once more and stays."""
        await tx.execute(_FAILED_AGAIN, {"id": message_id, "reason": reason, "detail": detail})

    async def free_key(self, tx: Transaction, topic: str, key: str) -> None:
        """Nothing of the key waits any more."""
        await tx.execute(_FREE_KEY, {"consumer": self.consumer, "topic": topic, "key": key})


def unsealed(tx: Transaction, row: Row[Any]) -> ConsumerRecord[Any, Any]:
    """The record as it arrived."""
    headers = [
        (name, None if value is None else bytes.fromhex(value))
        for name, value in orjson.loads(tx.vault.open_bytes(row.headers_sealed))
    ]
    body = None if row.body_sealed is None else tx.vault.open_bytes(row.body_sealed)
    return ConsumerRecord(
        topic=row.topic,
        partition=row.partition,
        offset=row.log_offset,
        timestamp=0,
        timestamp_type=0,
        key=None if row.key_sealed is None else tx.vault.open_bytes(row.key_sealed),
        value=body,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=headers,
    )
