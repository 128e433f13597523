"""Mending a parked message by two persons: one proposes another form of it, or to set it aside; another decides.

The parked message itself never changes. What was approved last is what a redrive takes in its place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from sqlalchemy import Row, text

from chassis.encryption import Vault
from chassis.parking import Header, Place, open_headers, record_at, unsealed
from chassis.records import stored_key
from chassis.transaction import Transaction


class MendKind(StrEnum):
    """What is proposed."""

    REPLACE = "replace"
    """Another body, other headers or another key take effect in the message's place."""
    SET_ASIDE = "set_aside"
    """The message never takes effect; its key goes on without it, and it stays in the table for ever."""


class MendReason(StrEnum):
    """Why."""

    PUBLISHER_CONFIRMED = "publisher_confirmed"
    """The publisher said what the message was meant to be."""
    BROKEN_IN_TRANSPORT = "broken_in_transport"
    """Encoding or headers were damaged on the way; the content is evident."""
    SENT_BY_MISTAKE = "sent_by_mistake"
    SENT_ANEW = "sent_anew"
    """The publisher told the same again under an id of its own."""
    FOREIGN = "foreign"
    """Never was an event of ours."""


@dataclass(frozen=True, slots=True)
class Mend:
    """A proposal."""

    id: UUID
    kind: MendKind
    topic: str
    key: str | None
    """The key it gives the message, where it gives another."""
    parts: Row[Any]

    @property
    def place(self) -> Place | None:
        """Where it puts the message, if elsewhere."""
        return None if self.key is None else (self.topic, self.key)


NOT_SUBSCRIBED = "not_subscribed"
"""Reason of a message of a type or version that the service does not hear."""
ALREADY_KNOWN = "already_known"
"""Reason of a mend that makes the message an event which took effect before."""

_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended('mend/' || id, 0)) FROM unnest(CAST(:ids AS text[])) AS id")
_APPROVED = text(
    """
    SELECT DISTINCT ON (parked_mend.message_id) parked_mend.*, parked_message.topic
    FROM parked_mend JOIN parked_message ON parked_message.id = parked_mend.message_id
    WHERE parked_message.arrival = ANY(:arrivals) AND parked_mend.state = 'approved'
    ORDER BY parked_mend.message_id, parked_mend.decided_at DESC
    """
)
_ONE = text(
    "SELECT parked_mend.*, topic FROM parked_mend JOIN parked_message ON parked_message.id = message_id"
    " WHERE parked_mend.id = :id"
)


async def approved_mends(tx: Transaction, arrivals: Sequence[int]) -> dict[UUID, Mend]:
    """By message: the mend that was approved last, for those of the messages that have one."""
    rows = await tx.fetch_all(_APPROVED, {"arrivals": list(arrivals)})
    return {row.message_id: _mend(tx.vault, row) for row in rows}


async def hold_mends(tx: Transaction, message_ids: Iterable[UUID]) -> None:
    """Let nobody else approve a mend of these messages, or take one of them, until the end of the transaction."""
    await tx.execute(_HOLD, {"ids": sorted(str(message_id) for message_id in message_ids)})


async def load_mend(tx: Transaction, mend_id: UUID) -> Mend:
    """The mend of that id, in whatever state; it must exist."""
    return _mend(tx.vault, (await tx.execute(_ONE, {"id": mend_id})).one())


def _mend(vault: Vault, row: Row[Any]) -> Mend:
    key = None if row.key_sealed is None else stored_key(vault.open_bytes(row.key_sealed), vault)
    return Mend(row.id, MendKind(row.kind), row.topic, key, row)


def mended(vault: Vault, message: Row[Any], mend: Mend) -> ConsumerRecord[Any, Any]:
    """The message as it was approved: what the mend does not replace stays."""
    return replaced(
        vault,
        message,
        key=None if mend.parts.key_sealed is None else vault.open_bytes(mend.parts.key_sealed),
        headers=None if mend.parts.headers_sealed is None else open_headers(vault, mend.parts.headers_sealed),
        body=None if mend.parts.body_sealed is None else vault.open_bytes(mend.parts.body_sealed),
    )


def replaced(
    vault: Vault, message: Row[Any], *, key: bytes | None, headers: Sequence[Header] | None, body: bytes | None
) -> ConsumerRecord[Any, Any]:
    """The message with the parts that are given in the place of its own."""
    original = unsealed(vault, message)
    return record_at(
        message,
        key=original.key if key is None else key,
        headers=original.headers if headers is None else headers,
        value=original.value if body is None else body,
    )
