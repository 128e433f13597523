"""Poison in the topics of a real service: five kinds; healthy keys go on, every message is mended or set aside."""

import asyncio
import dataclasses
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson
from aiokafka import AIOKafkaProducer

from chassis.auth import Role
from chassis.parking import BEHIND
from contracts.catalogue import CATALOGUE, Entry
from tests.faults.disorder_stories import Record
from tests.support.service import ServiceUnderTest

WAIT_SECONDS: Final = 180
_TO_MEND: Final = (
    "SELECT id, topic, key FROM parked_message WHERE redriven_at IS NULL AND reason <> :behind ORDER BY arrival"
)
SHARE: Final = 0.01
SPOILT_WITHIN: Final = 0.9
"""The poison stands in this first part of the messages."""
HELD_BACK_SHARE: Final = 0.05
"""What comes only while the poison is being mended; none of it is poison."""


class Poison(StrEnum):
    """What is wrong with a message; the values are the reasons it must park for."""

    BAD_JSON = "malformed_json"
    TOMBSTONE = "tombstone"
    SCHEMA = "schema"
    NULL_HEADER = "null_header"
    MISSING_ATTRIBUTES = "missing_attributes"

    def spoil(self, record: Record) -> Record:
        """The record with this wrong."""
        if self is Poison.BAD_JSON:
            return dataclasses.replace(record, value=record.value[:-5])
        if self is Poison.TOMBSTONE:
            return dataclasses.replace(record, value=None)
        if self is Poison.SCHEMA:
            return dataclasses.replace(record, value=orjson.dumps({"occurred_on": "2023-11-22"}))
        if self is Poison.NULL_HEADER:
            headers = [(name, None if name == "ce_subject" else value) for name, value in record.headers]
            return dataclasses.replace(record, headers=tuple(headers))
        headers = [(name, value) for name, value in record.headers if name != "ce_id"]
        return dataclasses.replace(record, headers=tuple(headers))


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it goes to the topic."""

    record: Record
    original: Record
    poison: Poison | None = None
    junk: bool = False
    """It stands for nothing: no mend can make an event of it."""


def plan(told: Sequence[Record], lot: random.Random) -> list[Sent]:
    """One message of a hundred is spoilt, all kinds in turn; every second five of them are junk besides the events."""
    kinds = list(Poison)
    wanted = max(2 * len(kinds), round(len(told) * SHARE))
    candidates = range(int(len(told) * SPOILT_WITHIN))
    spoilt: dict[int, Sent] = {}
    keys: set[tuple[str, bytes]] = set()
    for place in lot.sample(candidates, len(candidates)):
        record, number = told[place], len(spoilt)
        # A key is spoilt once: its later messages wait for that one reason.
        if number < wanted and (record.topic, record.key) not in keys:
            kind = kinds[number % len(kinds)]
            spoilt[place] = Sent(kind.spoil(record), record, kind, junk=number // len(kinds) % 2 == 1)
            keys.add((record.topic, record.key))
    sent: list[Sent] = []
    for place, record in enumerate(told):
        if place in spoilt:
            sent.append(spoilt[place])
        if place not in spoilt or spoilt[place].junk:
            # Junk comes besides the event whose key it bears, just before it.
            sent.append(Sent(record, record))
    return sent


def prefixed(prefix: str) -> Mapping[str, Entry]:
    """The catalogue with topics of a test's own."""
    return {
        kind: dataclasses.replace(entry, topic=dataclasses.replace(entry.topic, name=prefix + entry.topic.name))
        for kind, entry in CATALOGUE.items()
    }


async def publish(bootstrap_servers: str, prefix: str, messages: Sequence[Sent]) -> None:
    """Send in order, keys to their partitions."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True, acks="all", linger_ms=5)
    await producer.start()
    try:
        futures = [
            await producer.send(
                prefix + each.record.topic, each.record.value, key=each.record.key, headers=list(each.record.headers)
            )
            for each in messages
        ]
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


@dataclass(slots=True)
class Ward:
    """The service that is being poisoned and mended."""

    service: ServiceUnderTest
    prefix: str

    async def consumed(self, count: int) -> float:
        """Wait until so many messages were read; returns how long that took, in seconds."""
        began = time.monotonic()
        await self.until(lambda: self._read_count(count), f"{count} messages read")
        return time.monotonic() - began

    async def waiting(self) -> Counter[str]:
        """Messages that wait, by reason."""
        rows = await self.service.fetch_all("SELECT reason FROM parked_message WHERE redriven_at IS NULL")
        return Counter(row.reason for row in rows)

    async def processed(self) -> set[str]:
        """Ids of the events that took effect."""
        return {str(row.event_id) for row in await self.service.fetch_all("SELECT event_id FROM inbox")}

    async def stopped_keys(self) -> set[tuple[str, str]]:
        """Keys that wait."""
        rows = await self.service.fetch_all("SELECT topic, key FROM parked_key")
        return {(row.topic.removeprefix(self.prefix), row.key) for row in rows}

    async def mend_all(self, spoilt: Sequence[Sent], count: int) -> None:
        """Each by two persons: replaced by what it should have been, junk set aside; until all is read and settled."""
        by_key = {(each.record.topic, each.record.key.decode()): each for each in spoilt}
        mended: set[UUID] = set()

        async def settled() -> bool:
            for row in await self.service.fetch_all(_TO_MEND, behind=BEHIND):
                if row.id not in mended:
                    await self._mend(row.id, by_key[row.topic.removeprefix(self.prefix), row.key])
                    mended.add(row.id)
            return await self._read_count(count) and await self._nothing_waits()

        await self.until(settled, "everything read and settled")

    async def _mend(self, message_id: UUID, each: Sent) -> None:
        first, second = (
            self.service.as_(Role.OPERATOR, agency="*", region="", subject=f"operator-{number}") for number in (1, 2)
        )
        proposed = await first.post(f"/admin/parked/{message_id}/mends", json=_mend(each))
        assert proposed.status_code == 201, proposed.text
        approved = await second.post(f"/admin/mends/{proposed.json()['id']}/approve")
        assert approved.status_code == 201, approved.text

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for a condition, with a bound."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not await condition():
            assert time.monotonic() < deadline, f"{what}: not in time; {await self.waiting()}"
            await asyncio.sleep(0.2)

    async def _read_count(self, count: int) -> bool:
        row = await self.service.fetch_one("SELECT coalesce(sum(next_offset), 0) AS read FROM stored_offset")
        return row is not None and row.read >= count

    async def _nothing_waits(self) -> bool:
        return not await self.waiting() and not await self.stopped_keys()


def _mend(each: Sent) -> dict[str, Any]:
    if each.junk:
        return {"kind": "set_aside", "reason": "sent_by_mistake"}
    replaced = {"kind": "replace", "reason": "publisher_confirmed"}
    if each.poison in {Poison.NULL_HEADER, Poison.MISSING_ATTRIBUTES}:
        return replaced | {"headers": {name: value.decode() for name, value in each.original.headers}}
    return replaced | {"body": each.original.value.decode()}
