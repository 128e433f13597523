"""From a batch of records to effects: once each, in order, and what cannot be processed waits with its key."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord

from chassis import processing
from chassis.events import Delivered
from chassis.ids import new_id
from chassis.processing import ConsumerPaused
from chassis.records import Readable, RecordReader, Unreadable
from chassis.runs import cut_into_runs
from tests.chassis.builders import headers_of, ordered, record
from tests.chassis.parked import balances, waiting
from tests.chassis.sample.contract import catalogue_with
from tests.chassis.sample.service import BUGGY_RUPIAH
from tests.support.service import ServiceUnderTest, raw_record


async def test_an_event_takes_effect_once_however_often_it_arrives(sample: ServiceUnderTest) -> None:
    """Twice inside one batch and again in the next."""
    event_id = new_id()
    twice = [record(ordered(1), event_id=event_id) for _ in range(2)]
    await sample.processor().process([*twice, record(ordered(2))])
    await sample.processor().process([record(ordered(1), event_id=event_id)])
    assert await balances(sample) == {1: 5, 2: 5}
    assert len(await sample.fetch_all("SELECT 1 FROM outbox")) == 2


async def test_the_inbox_is_kept_by_month_of_the_event(sample: ServiceUnderTest) -> None:
    """A UUIDv7 lies in its month's partition; an id of another form is still received once."""
    now, other = new_id(), UUID("7f9c24e5-2f88-4d5e-8a53-1b9d6ad2f0aa")
    for _ in range(2):
        await sample.processor().process([record(ordered(1), event_id=now), record(ordered(2), event_id=other)])
    rows = await sample.fetch_all("SELECT event_id, tableoid::regclass::text AS place FROM inbox")
    month = datetime.now(UTC).strftime("inbox_%Y_%m")
    assert {row.event_id: row.place for row in rows} == {now: month, other: "inbox_other"}
    assert await balances(sample) == {1: 5, 2: 5}


async def test_effect_event_inbox_and_offset_commit_together(sample: ServiceUnderTest) -> None:
    """One transaction a batch; what is caused names its cause."""
    event_id = new_id()
    arrived = record(ordered(1), event_id=event_id)
    await sample.processor().process([arrived])
    stored = await sample.fetch_one("SELECT topic, partition, next_offset FROM stored_offset")
    assert stored is not None
    assert tuple(stored) == ("outside.orders", 0, arrived.offset + 1)
    event = (await sample.fetch_all("SELECT headers FROM outbox"))[0]
    assert event.headers["ce_causationid"] == str(event_id)
    assert len(await sample.fetch_all("SELECT 1 FROM inbox")) == 1


async def test_a_failing_message_stops_only_its_own_key(sample: ServiceUnderTest) -> None:
    """The bad one parks, later ones of its key park behind it in order, all others take effect."""
    batch = [ordered(1), ordered(2, 9_000_000), ordered(3), ordered(2, 7), ordered(1), ordered(2, 8)]
    await sample.processor().process([record(fact) for fact in batch])
    assert await balances(sample) == {1: 10, 3: 5}
    assert await waiting(sample) == [("too-much", 2), ("behind_parked_key", 2), ("behind_parked_key", 2)]
    await sample.processor().process([record(ordered(2)), record(ordered(4))])
    assert await balances(sample) == {1: 10, 3: 5, 4: 5}


GOOD = ordered(1)


@pytest.mark.parametrize("kind", ["x\x00y", "k" * 20_000])
async def test_a_foreign_type_that_cannot_be_kept_as_it_is_still_passes(sample: ServiceUnderTest, kind: str) -> None:
    """Counted under a printable name; nothing stops."""
    headers = headers_of(GOOD) | {"ce_type": kind}
    foreign = record(GOOD, headers=[(name, value.encode()) for name, value in headers.items()])
    await sample.processor().process([foreign, record(ordered(2))])
    assert await balances(sample) == {2: 5}


async def test_types_not_subscribed_are_skipped_and_counted(sample: ServiceUnderTest) -> None:
    """A later version on the same topic is no error."""
    headers = headers_of(GOOD) | {"ce_type": "outside.ordered.v2"}
    unknown = record(GOOD, headers=[(name, value.encode()) for name, value in headers.items()])
    later = replace(unknown, offset=record(GOOD).offset)
    await sample.processor().process([unknown, unknown, later, record(ordered(2))])
    await sample.processor().process([unknown, later])
    skipped = await sample.fetch_one("SELECT type, seen_count FROM skipped_type")
    assert skipped is not None
    assert tuple(skipped) == ("outside.ordered.v2", 2), "counted once, however often a batch is delivered"
    assert await waiting(sample) == []


async def test_many_keys_failing_alike_pause_the_consumer(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad release must not park the world; it stays paused until a batch succeeds."""
    monkeypatch.setattr(processing, "BAD_RELEASE_KEYS", 3)
    monkeypatch.setattr(processing, "RETRY_BUDGET_SECONDS", 0)
    processor = sample.processor()
    with pytest.raises(ConsumerPaused):
        await processor.process([record(ordered(number, BUGGY_RUPIAH)) for number in range(1, 9)])
    assert len(await waiting(sample)) == 3
    assert processor.paused_reason == "ZeroDivisionError"
    headers = headers_of(GOOD) | {"ce_type": "outside.ordered.v2"}
    await processor.process([record(GOOD, headers=[(name, value.encode()) for name, value in headers.items()])])
    assert processor.paused_reason == "ZeroDivisionError", "what passes of another type proves nothing"
    for again in (processor, sample.processor()):
        with pytest.raises(ConsumerPaused):
            await again.process([record(ordered(9, BUGGY_RUPIAH))])
    assert len(await waiting(sample)) == 3, "nor does it park more after a restart"
    await processor.process([record(ordered(10))])
    assert processor.paused_reason is None


async def test_a_sender_of_refused_or_broken_messages_stops_nobody_else(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many keys an outsider spoils, the others go on."""
    monkeypatch.setattr(processing, "BAD_RELEASE_KEYS", 3)
    refused = [record(ordered(number, 9_000_000)) for number in range(1, 9)]
    broken = [record(ordered(number), value=b"{}") for number in range(11, 19)]
    await sample.processor().process([*refused, *broken, record(ordered(99))])
    assert len(await waiting(sample)) == 16
    assert await balances(sample) == {99: 5}


def delivered(kind: str, key: str) -> Delivered[Any]:
    """An event of a kind and key, otherwise empty."""
    fact = ordered(1)
    reader = RecordReader("sample", catalogue_with(), ["outside.ordered.v1"])
    read = reader.read(record(fact))
    assert isinstance(read, Readable)
    return read.event._replace(type=kind, key=key)


@pytest.mark.parametrize(
    ("events", "runs"),
    [
        ("", []),
        ("a1 a2 a3", ["a1 a2 a3"]),
        ("a1 b1 a2 b2", ["a1 a2", "b1 b2"]),
        ("a1 b1 a1", ["a1", "b1", "a1"]),
        ("a1 b1 a1 b2", ["a1", "b1 b2", "a1"]),
        ("b2 a1 b1", ["b2", "a1", "b1"]),
        ("a1 b1 c1 a2 a1 b2", ["a1 a2", "b1 b2", "c1", "a1"]),
    ],
)
def test_runs_keep_the_order_of_each_key(events: str, runs: list[str]) -> None:
    """Letters are kinds, digits keys. Few runs, no key out of order."""
    cut = cut_into_runs(delivered(name[0], name[1]) for name in events.split())
    found = [" ".join(event.type + event.key for event in run) for run in cut]
    for key in "123":
        before = [name for name in events.split() if name[1] == key]
        assert [name for run in found for name in run.split() if name[1] == key] == before
    assert found == runs


def test_reading_never_raises_on_a_record_of_nothing() -> None:
    """The emptiest record there can be."""
    reader = RecordReader("sample", catalogue_with(), ["outside.ordered.v1"])
    nothing: ConsumerRecord[Any, Any] = raw_record(topic="outside.orders", key=None, value=None, headers=[])
    assert isinstance(reader.read(nothing), Unreadable)
