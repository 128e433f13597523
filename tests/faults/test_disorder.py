"""Every event ten times, shuffled between keys and topics: each service ends in the same state."""

import random
from datetime import UTC, datetime

import pytest

from contracts.catalogue import heard_by
from tests.faults.disorder import batches, differences, digest, disordered, once_each, state_of, told_twice
from tests.faults.disorder_stories import Record, stories
from tests.faults.extent import extent, seed_of_run
from tests.support.service import ServiceFactory, ServiceUnderTest

EVENTS = extent(full=2_000, smoke=500)
TIMES = 10


async def tell(service: ServiceUnderTest, records: list[Record], lot: random.Random) -> None:
    """Deliver in batches; nothing may park."""
    processor = service.processor()
    for batch in batches(records, lot):
        await processor.process(batch)
    parked = await service.fetch_all("SELECT type, reason, detail FROM parked_message")
    assert not parked, [tuple(row) for row in parked]


@pytest.mark.parametrize("name", ["registry", "training", "disbursement", "followup", "notifications", "console"])
async def test_ten_times_and_shuffled_leaves_the_same_state(start_service: ServiceFactory, name: str) -> None:
    lot = random.Random(seed_of_run())
    heard = {entry.topic.name for entry in heard_by(name)}
    told = [record for record in stories(lot, EVENTS) if record.topic in heard]
    since = datetime.now(UTC)
    service = await start_service(name)
    await tell(service, once_each(told), lot)
    expected = await state_of(service, told, since)
    again = await start_service(name)
    await tell(again, disordered(told, lot, TIMES), lot)
    found = await state_of(again, told, since)
    assert differences(expected, found) == {}
    assert digest(expected) == digest(found)
    assert await told_twice(again) == []
