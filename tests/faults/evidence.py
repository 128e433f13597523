"""What is there in the end: topics, outboxes, public APIs, and what the SMS gateway really sent."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.catalogue import TOPICS
from contracts.envelope import case_id
from demo.crowd.clerk import Clerk
from tests.faults.running import PUBLISHERS, SERVICES, FaultStack

POLL_MS: Final = 1000
SAMPLE_EVERY: Final = 20
"""Every so many people's timeline is read at the console, a request each."""
OPERATOR: Final = ("operator", "operator")
PETUGAS: Final = ("petugas.pemeriksa", "petugas")


@dataclass(frozen=True, slots=True)
class Event:
    """A record of a topic, as far as its order and its identity go."""

    id: str
    type: str
    """Without the version."""
    subject: str
    sequence: int
    key: str
    person_id: str


class SentMessage(NamedTuple):
    """A message that the SMS gateway took: its client's reference, the marks of number and text."""

    reference: str
    number: str
    text: str


@dataclass(slots=True)
class Found:
    """The end of a run as it is."""

    topics: list[Event] = field(default_factory=list)
    """Every record of every topic of our services, in the order of its partition; repetitions included."""
    outbox_ids: set[str] = field(default_factory=set)
    unpublished: Counter[str] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)
    grants: dict[str, list[str]] = field(default_factory=dict)
    """States by person."""
    plans: dict[str, list[str]] = field(default_factory=dict)
    graduations: dict[str, list[str]] = field(default_factory=dict)
    basts: dict[str, list[str]] = field(default_factory=dict)
    messages: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Template and state by person."""
    cases: dict[str, int] = field(default_factory=dict)
    """Events in the console's timeline, by person, of a sample."""
    ledgers: dict[str, dict[str, int]] = field(default_factory=dict)
    programmes: set[str] = field(default_factory=set)
    """All that there are, also those of earlier runs."""
    sent: list[SentMessage] = field(default_factory=list)
    """What the gateway took, also in earlier runs."""
    references: set[str] = field(default_factory=set)
    """Those that notifications knows."""


async def gather(stack: FaultStack, clerk: Clerk, programmes: list[str]) -> Found:
    """Read everything about these programmes, and all topics and outboxes."""
    found = Found(topics=await read_topics(stack.bootstrap_servers))
    for service in SERVICES:
        await _read_database(stack, service, found)
    for programme_id in programmes:
        await _read_programme(clerk, programme_id, found)
    found.programmes = {each["id"] for each in await clerk.get_all(PETUGAS, "disbursement", "/programmes")}
    found.sent = sent_messages(stack.sent_file)
    return found


async def read_topics(bootstrap_servers: str) -> list[Event]:
    """All records of our services' topics from the beginning to the end of now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        ours = [topic for topic in TOPICS if topic.name.split(".")[0] in PUBLISHERS]
        places = [TopicPartition(topic.name, number) for topic in ours for number in range(topic.partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        events: list[Event] = []
        left = {place for place in places if ends[place]}
        while left:
            batch = await consumer.getmany(*left, timeout_ms=POLL_MS, max_records=5000)
            for records in batch.values():
                events += [event for record in records if (event := _event(record)) is not None]
            left = {place for place in left if await consumer.position(place) < ends[place]}
        return events
    finally:
        await consumer.stop()


def _event(record: Any) -> Event | None:
    """The event of a record; None for a record that is not an event of ours, which others' tests put there."""
    headers: Mapping[str, bytes] = dict(record.headers)
    try:
        body = json.loads(record.value)
        return Event(
            id=headers["ce_id"].decode(),
            type=headers["ce_type"].decode().rpartition(".")[0],
            subject=headers["ce_subject"].decode(),
            sequence=int(headers["ce_sequence"]),
            key=record.key.decode(),
            person_id=str(body.get("person_id", "")),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


async def _read_database(stack: FaultStack, service: str, found: Found) -> None:
    connection = await asyncpg.connect(stack.database_url(service))
    try:
        found.outbox_ids |= {str(row[0]) for row in await connection.fetch("SELECT event_id FROM outbox")}
        waiting = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        found.unpublished[service] = await connection.fetchval(waiting)
        waiting = "SELECT count(*) FROM parked_message WHERE redriven_at IS NULL"
        found.parked[service] = await connection.fetchval(waiting)
        if service == "notifications":
            found.references = {str(row[0]) for row in await connection.fetch("SELECT id FROM attempt")}
    finally:
        await connection.close()


async def _read_programme(clerk: Clerk, programme_id: str, found: Found) -> None:
    query = {"programme_id": programme_id}
    grants = await clerk.get_all(PETUGAS, "disbursement", "/grants", **query)
    for item in grants:
        found.grants.setdefault(item["person_id"], []).append(item["state"])
    for service, path, target in (
        ("disbursement", "/basts", found.basts),
        ("followup", "/plans", found.plans),
        ("followup", "/graduations", found.graduations),
    ):
        for item in await clerk.get_all(PETUGAS, service, path, **query):
            target.setdefault(item["person_id"], []).append(item["state"])
    for item in await clerk.get_all(PETUGAS, "notifications", "/messages", **query):
        found.messages.setdefault(item["person_id"], []).append((item["template_code"], item["state"]))
    # Of this programme's people only: those of another one have their case there.
    for person_id in sorted({item["person_id"] for item in grants})[::SAMPLE_EVERY]:
        case = case_id(UUID(programme_id), UUID(person_id))
        timeline = await clerk.get_or_none(PETUGAS, "console", f"/cases/{case}/timeline")
        found.cases[person_id] = len(timeline["items"]) if timeline else 0
    ledger = await clerk.get(PETUGAS, "disbursement", f"/programmes/{programme_id}/ledger")
    found.ledgers[programme_id] = {
        each["account"]: each["balance_rupiah"] for each in ledger["accounts"] if each["balance_rupiah"]
    }


def sent_messages(file: Path) -> list[SentMessage]:
    """Messages that the gateway took, in their order."""
    if not file.exists():
        return []
    return [SentMessage(*json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
