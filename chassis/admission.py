"""Which records of a batch may take effect: what cannot be read parks, and what stands behind a parked key."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from aiokafka import ConsumerRecord
from sqlalchemy import text

from chassis.logs import about, logger
from chassis.parking import BEHIND, Parking, Place, ToPark
from chassis.records import Arrived, Readable, Skipped, Unreadable, key_text, origin_of
from chassis.transaction import Transaction

log = logger(__name__)

_KNOWN = text(
    """
    SELECT source, event_id FROM inbox WHERE consumer = :consumer
    AND (source, event_id) IN (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:ids AS uuid[])))
    """
)


async def admit(tx: Transaction, parking: Parking, arrived: Sequence[Arrived]) -> list[Readable]:
    """Park what cannot be read and what stands behind a parked key; return the rest in order.

    What took effect before passes, so that the inbox drops it, and what was settled before is passed over: a log that
    was filled anew holds the whole history of a key once more.
    """
    readable = [item for item in arrived if isinstance(item, Readable)]
    if not any(isinstance(item, Unreadable) for item in arrived) and not await parking.holds_any(tx):
        # As a rule: a thousand keys need not be looked up to see that there is nothing to be found.
        return readable
    placed = [(item, (item.record.topic, key_text(item.record, tx.vault) or "")) for item in arrived]
    held = await parking.parked_keys(tx, [place for _, place in placed if place[1]])
    unreadable = [item.record for item in arrived if isinstance(item, Unreadable)]
    before = await parking.parked_before(tx, unreadable)
    may_wait = held | {place for item, place in placed if isinstance(item, Unreadable)}
    behind = [item for item, place in placed if isinstance(item, Readable) and place in may_wait]
    known = await _known(tx, parking.consumer, behind)
    passing: list[Readable] = []
    parked: list[ToPark] = []
    stopped: set[Place] = set(held)
    for item, place in placed:
        if isinstance(item, Skipped):
            continue
        if isinstance(item, Unreadable) and _log_place(item) in before:
            _note("message_known", item)
        elif place in stopped and not (isinstance(item, Readable) and item.identity in known):
            parked.append(ToPark(item.record, BEHIND, "", type_of(item)))
        elif isinstance(item, Readable):
            passing.append(item)
        else:
            parked.append(ToPark(item.record, item.reason, item.detail, item.type))
            stopped |= {place} if item.record.key is not None else set()
            _note("message_parked", item)
    await parking.park(tx, parked, held)
    return passing


def type_of(item: Arrived) -> str | None:
    """What the record says it is, where that can be told without quoting."""
    return item.event.type if isinstance(item, Readable) else item.type


def about_record(record: ConsumerRecord[Any, Any]) -> AbstractContextManager[None]:
    """Lines logged in the block name the record's event, case and trace, as far as they can be read."""
    origin = origin_of(record)
    return about(trace_id=origin.trace_id, event_id=origin.event_id, case_id=origin.correlation_id)


async def _known(tx: Transaction, consumer: str, readable: Sequence[Readable]) -> set[object]:
    """Identities of those of the events that took effect before."""
    if not readable:
        return set()
    sources, ids = zip(*(item.identity for item in readable), strict=True)
    rows = await tx.fetch_all(_KNOWN, {"consumer": consumer, "sources": list(sources), "ids": list(ids)})
    return {(row.source, row.event_id) for row in rows}


def _log_place(item: Unreadable) -> tuple[str, int, int]:
    return item.record.topic, item.record.partition, item.record.offset


def _note(event: str, item: Unreadable) -> None:
    with about_record(item.record):
        write = log.error if event == "message_parked" else log.info
        write(event, reason=item.reason, type=item.type, topic=item.record.topic)
