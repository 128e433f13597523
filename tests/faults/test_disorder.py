"""Every event ten times, shuffled between keys and topics: each service ends in the same state.

In order, with repeats, it also tells the same.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import pytest

from contracts.catalogue import heard_by
from contracts.followup import GraduatedV1, GraduationRefusedV1, MentoringPlannedV1, MentoringStoppedV1
from contracts.registry import AssistanceRestoredV1
from contracts.training import CourseNotCompletedV1
from tests.faults.disorder import (
    batches,
    differences,
    digest,
    disordered,
    once_each,
    repeated,
    state_of,
    told_by,
    told_twice,
)
from tests.faults.disorder_acts import act
from tests.faults.disorder_stories import Record, stories, type_of
from tests.faults.extent import extent, seed_of_run
from tests.support.service import ServiceFactory, ServiceUnderTest

EVENTS = extent(full=2_000, smoke=500)
TIMES = 10
TIMES_IN_ORDER = extent(full=10, smoke=3)
TELLS: Final = {
    "registry": {AssistanceRestoredV1.event_type},
    "training": {CourseNotCompletedV1.event_type},
    "followup": {
        model.event_type for model in (MentoringPlannedV1, MentoringStoppedV1, GraduatedV1, GraduationRefusedV1)
    },
}
"""What these events lead to, also by what officers did before. The others tell nothing on hearing alone."""


async def tell(service: ServiceUnderTest, lives: Sequence[Record], cut: Iterable[Sequence[Record]]) -> None:
    """Deliver batch by batch, after what officers did; nothing may park."""
    await act(service, lives)
    processor = service.processor()
    for batch in cut:
        await processor.process(batch)
    parked = await service.fetch_all("SELECT type, reason, detail FROM parked_message")
    assert not parked, [tuple(row) for row in parked]


@pytest.mark.parametrize("name", ["registry", "training", "disbursement", "followup", "notifications", "console"])
async def test_ten_times_and_shuffled_leaves_the_same_state(start_service: ServiceFactory, name: str) -> None:
    lot = random.Random(seed_of_run())
    heard = {entry.topic.name for entry in heard_by(name)}
    lives = stories(lot, EVENTS)
    told = [record for record in lives if record.topic in heard]
    since = datetime.now(UTC)
    once = await start_service(name)
    assert set(once.service.consumers.kinds) - {type_of(record) for record in told} == set(), "no life tells of this"
    cut = list(batches(once_each(told), lot))
    await tell(once, lives, cut)
    expected = await state_of(once, told, since)
    assert TELLS.get(name, set()) <= set(await once.published_types()), "the events find nothing to change"
    again = await start_service(name)
    await tell(again, lives, batches(disordered(told, lot, TIMES), lot))
    found = await state_of(again, told, since)
    assert differences(expected, found) == {}
    assert digest(expected) == digest(found)
    assert await told_twice(again) == []
    in_order = await start_service(name)
    await tell(in_order, lives, repeated(cut, lot, TIMES_IN_ORDER))
    # What depends on the order of keys and topics is the same here: all that was told on the way, and every column.
    assert await told_by(in_order) == await told_by(once)
    every_column = [await state_of(service, told, since, by_chance={}) for service in (once, in_order)]
    assert differences(*every_column) == {}
