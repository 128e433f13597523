"""The floor's events: the same bodies and headers as the chassis's chain, made by hand."""

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

_dice = random.Random(os.urandom(8))
AMOUNT_RUPIAH = 5_000_000


def new_id() -> UUID:
    """A UUIDv7: ordered by time, so that indexes grow at one end."""
    stamp = time.time_ns() // 1_000_000 << 80
    return UUID(int=stamp | 0x7 << 76 | _dice.getrandbits(12) << 64 | 0b10 << 62 | _dice.getrandbits(62))


@dataclass(frozen=True, slots=True)
class Event:
    """An event about to be written to the outbox."""

    id: UUID
    type: str
    subject: str
    key: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def event(kind: str, subject: UUID, data: dict[str, Any], *, cause: str | None, full: bool) -> Event:
    """One event; without headers in the plain form, where the body carries the id instead."""
    event_id = new_id()
    key = data["person_id"]
    if not full:
        return Event(event_id, kind, str(subject), key, orjson.dumps({"id": str(event_id), "data": data}))
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event_id),
        "ce_source": "/floor",
        "ce_type": kind,
        "ce_subject": str(subject),
        "ce_time": "2023-11-22T03:00:00.000Z",
        "ce_sequence": "1",
        "ce_actor": key,
        "ce_correlationid": key,
        "content-type": "application/json",
    }
    if cause:
        headers["ce_causationid"] = cause
    return Event(event_id, kind, str(subject), key, orjson.dumps(data), headers)


def allocated(grant_id: UUID, person_id: UUID, programme_id: UUID, *, full: bool) -> Event:
    """A person was given a sum."""
    return event("allocation.allocated.v1", grant_id, _facts(grant_id, person_id, programme_id), cause=None, full=full)


def paid(payment_id: UUID, cause: "Heard", *, full: bool) -> Event:
    """The sum was paid."""
    data = cause.data | {"payment_id": str(payment_id)}
    return event("payment.paid.v1", payment_id, data, cause=str(cause.id), full=full)


def _facts(grant_id: UUID, person_id: UUID, programme_id: UUID) -> dict[str, Any]:
    return {
        "occurred_on": "2023-11-22",
        "agency": "dinsos",
        "grant_id": str(grant_id),
        "person_id": str(person_id),
        "programme_id": str(programme_id),
        "package_code": "paket-kambing",
        "amount_rupiah": AMOUNT_RUPIAH,
    }


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that was read."""

    id: UUID
    data: dict[str, Any]


def heard(records: Sequence[Any], *, full: bool) -> list[Heard]:
    """The events of a batch, once each: the inbox alone does not notice the same event twice in one batch."""
    found: dict[UUID, Heard] = {}
    for record in records:
        body = orjson.loads(record.value)
        if full:
            event_id = UUID(dict(record.headers)["ce_id"].decode())
            found[event_id] = Heard(event_id, body)
        else:
            event_id = UUID(body["id"])
            found[event_id] = Heard(event_id, body["data"])
    return list(found.values())
