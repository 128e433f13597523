"""CloudEvents 1.0 on Kafka in binary mode: attributes as `ce_*` headers, the fact as JSON body.

All that an outside system needs to hear and to tell facts; nothing here knows how the services are built.
"""

import os
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from contracts.catalogue import CATALOGUE
from contracts.envelope import Fact

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact from a topic, with the CloudEvents attributes an outside system may care for."""

    id: UUID
    source: str
    subject: str
    fact: Fact
    case: str | None
    traceparent: str | None


def new_id() -> UUID:
    """A UUIDv7: ids of events are in the order of their time."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | (0x7 << 76)
    return UUID(int=number & ~(0x3 << 62) | (0x2 << 62))


def next_traceparent(heard: str | None = None) -> str:
    """A W3C trace context: a new span of the trace that was heard, else of a new trace."""
    trace_id = heard.split("-")[1] if heard else secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-01"


def read(headers: Headers, body: bytes | None, wanted: Iterable[type[Fact]]) -> Heard | None:
    """The fact of one record; None when it is none of the wanted kinds, or is not what its contract says.

    An outside system has nobody to park a broken record with: it leaves it, and the publisher's contract tests see it.
    """
    attributes = {name: value.decode("utf-8", "replace") for name, value in headers if value is not None}
    model = next((one for one in wanted if one.event_type == attributes.get("ce_type")), None)
    if model is None or body is None:
        return None
    try:
        fact = model.model_validate_json(body)
        event_id = UUID(attributes["ce_id"])
    except (ValidationError, ValueError, KeyError):
        return None
    return Heard(
        id=event_id,
        source=attributes.get("ce_source", ""),
        subject=attributes.get("ce_subject", ""),
        fact=fact,
        case=attributes.get("ce_correlationid"),
        traceparent=attributes.get("traceparent"),
    )


def write(fact: Fact, *, source: str, cause: Heard | None = None) -> tuple[Headers, bytes]:
    """Headers and body of the record that tells a fact; case and trace of what caused it go on.

    Without a cause the fact belongs to what keys it, such as the class of an attendance sheet.
    """
    entry = CATALOGUE[fact.event_type]
    attributes = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": source,
        "type": fact.event_type,
        "subject": _field(fact, entry.subject),
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        # Grows with every telling, so that a sheet sent again is known to be the newer one.
        "sequence": str(time.time_ns() // 1_000_000),
        "correlationid": (cause.case if cause else None) or _field(fact, entry.key),
    }
    if cause:
        attributes["causationid"] = str(cause.id)
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    trace = next_traceparent(cause.traceparent if cause else None)
    headers += [("traceparent", trace.encode()), ("content-type", b"application/json")]
    return headers, fact.model_dump_json(exclude_none=True).encode()


async def tell(producer: AIOKafkaProducer, fact: Fact, *, source: str, prefix: str, cause: Heard | None = None) -> None:
    """Send a fact to the topic and under the key of the catalogue, and wait until every replica has it."""
    entry = CATALOGUE[fact.event_type]
    headers, body = write(fact, source=source, cause=cause)
    key = _field(fact, entry.key).encode()
    await producer.send_and_wait(prefix + entry.topic.name, body, key=key, headers=headers)


@asynccontextmanager
async def producer(bootstrap_servers: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer that neither loses nor doubles: idempotent, every replica acknowledges."""
    made = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True, acks="all")
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def hearing(
    bootstrap_servers: str, group: str, prefix: str, wanted: Iterable[type[Fact]]
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of the topics on which the wanted facts travel.

    It commits nothing and so begins at the oldest record at every start: the topics keep everything, and the state of
    these samples is in memory only. A system with a database commits its offsets together with its own rows.
    """
    topics = {prefix + CATALOGUE[model.event_type].topic.name for model in wanted}
    consumer = AIOKafkaConsumer(
        *sorted(topics),
        bootstrap_servers=bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


def heard_in(record: "ConsumerRecord[Any, Any]", wanted: Iterable[type[Fact]]) -> Heard | None:
    """`read` for a record of a consumer."""
    return read(record.headers, record.value, wanted)


def _field(fact: Fact, name: str) -> str:
    return str(getattr(fact, name))
