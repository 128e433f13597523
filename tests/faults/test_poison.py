"""1 % poison of five kinds: healthy keys go on, poisoned ones wait in order, mended ones end as if nothing had been."""

import random
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest

from chassis.parking import BEHIND
from deploy.local.kafka import Kafka
from tests.chassis.kafka import running
from tests.faults.disorder import differences, once_each, state_of
from tests.faults.disorder_stories import Record, stories
from tests.faults.extent import extent, seed_of_run
from tests.faults.poison import HELD_BACK_SHARE, Poison, Sent, Ward, plan, prefixed, publish
from tests.support.service import ServiceFactory

SERVICE = "followup"
EVENTS = extent(full=10_000, smoke=1_000)


def event_id(record: Record) -> str:
    """The event's id."""
    return str(dict(record.headers)["ce_id"].decode())


def healthy_ids(sent: list[Sent], spoilt: list[Sent]) -> set[str]:
    """Events of keys without poison."""
    stopped = {(each.record.topic, each.record.key) for each in spoilt}
    return {event_id(each.record) for each in sent if (each.record.topic, each.record.key) not in stopped}


async def test_poison_waits_alone_and_mended_it_leaves_no_trace(
    start_service: ServiceFactory, kafka: Kafka, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lot = random.Random(seed_of_run())
    oracle = await start_service(SERVICE)
    kinds = {kind.encode() for kind in oracle.service.consumers.kinds}
    # About a tenth of what is told is for this service.
    told = [each for each in stories(lot, EVENTS * 15) if dict(each.headers)["ce_type"] in kinds][:EVENTS]
    since = datetime.now(UTC)
    for start in range(0, EVENTS, 500):
        await oracle.processor().process(once_each(told[start : start + 500]))
    sent = plan(told, lot)
    later = sent[-round(len(sent) * HELD_BACK_SHARE) :]
    now = sent[: -len(later)]
    monkeypatch.setattr(f"services.{SERVICE}.main.CATALOGUE", prefixed(topic_prefix))
    service = await start_service(SERVICE, kafka_bootstrap_servers=kafka.bootstrap_servers)
    # All visits of these lives are long due: whether one is announced before or after a void would be chance.
    monkeypatch.setattr(service.service.timers, "run", lambda _database, stopping: stopping.wait())
    await publish(kafka.bootstrap_servers, topic_prefix, now)
    async with running(service):
        ward = Ward(service, topic_prefix)
        seconds = await ward.consumed(len(now))
        sys.stderr.write(f"{len(now)} messages, poison among them, read in {seconds:.1f} s\n")
        await all_but_the_poisoned_went_on(ward, now)
        # What comes while mends are under way goes behind what waits.
        await publish(kafka.bootstrap_servers, topic_prefix, later)
        await ward.mend_all([each for each in sent if each.poison], len(sent))
    assert {event_id(each) for each in told} <= await ward.processed()
    assert differences(await state_of(oracle, told, since), await state_of(service, told, since)) == {}


async def all_but_the_poisoned_went_on(ward: Ward, sent: list[Sent]) -> None:
    """Every healthy key is through while the poisoned ones wait, each for its reason, later ones behind it."""
    spoilt = [each for each in sent if each.poison]
    reasons = Counter(each.poison.value for each in spoilt if each.poison)
    assert len(reasons) == len(Poison)
    waiting = await ward.waiting()
    assert {reason: count for reason, count in waiting.items() if reason != BEHIND} == dict(reasons)
    assert waiting[BEHIND] > 0
    assert await ward.stopped_keys() == {(each.record.topic, each.record.key.decode()) for each in spoilt}
    assert healthy_ids(sent, spoilt) <= await ward.processed()
