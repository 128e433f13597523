"""Where many come together, more are waited for; what comes alone is not held up."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.errors import KafkaError

from chassis import workers
from chassis.broker import ASIDE
from chassis.subscription import Subscription
from chassis.workers import GATHERING_FROM, more_gather
from tests.support.service import ServiceUnderTest


@pytest.mark.parametrize(
    ("count", "waits"),
    [(0, False), (1, False), (GATHERING_FROM - 1, False), (GATHERING_FROM, True), (499, True), (500, False)],
)
async def test_only_what_is_neither_few_nor_full_waits(
    count: int, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "GATHERING_SECONDS", 0)
    assert await more_gather(count, 500) is waits


@pytest.mark.parametrize(("count", "waits"), [(0, False), (1, True), (499, True), (500, False)])
async def test_where_nobody_waits_even_one_is_held_up(count: int, waits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PATIENT_SECONDS", 0)
    assert await more_gather(count, 500, patiently=True) is waits


@pytest.mark.parametrize("fails", [False, True])
async def test_what_the_client_gave_is_kept_when_it_cannot_give_more(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands behind that already: thrown away, it would never come again."""
    monkeypatch.setattr(workers, "GATHERING_SECONDS", 0)
    place, asked = TopicPartition("t", 0), list[int | None]()

    async def getmany(*, timeout_ms: int = 0, max_records: int | None = None) -> dict[TopicPartition, list[Any]]:
        asked.append(max_records)
        if fails and len(asked) == 2:
            raise KafkaError
        return {place: list(range(GATHERING_FROM))}

    subscription = Subscription(
        service="s", bootstrap_servers="", database=cast(Any, None), catalogue={}, batch_size=500,
        consumers=cast(Any, SimpleNamespace(kinds=())),
    )  # fmt: skip
    found = await subscription._ask(cast(AIOKafkaConsumer, SimpleNamespace(getmany=getmany)))
    assert len(found) == GATHERING_FROM * (1 if fails else 2)
    assert asked == [500, 500 - GATHERING_FROM]


async def test_which_log_it_is_is_not_asked_behind_the_question_for_records(sample: ServiceUnderTest) -> None:
    """A broker answers one connection's questions in turn: behind that one each batch would wait for its end."""
    groups = list[int]()

    async def send(_node: Any, _request: Any, *, group: int) -> Any:
        groups.append(group)
        return SimpleNamespace(cluster_id="log")

    client = SimpleNamespace(get_random_node=lambda: 1, send=send)
    subscriber = SimpleNamespace(consumer=SimpleNamespace(_client=client))
    subscription, processor = sample.service._subscription(), SimpleNamespace(log_identity="log")
    await subscription._refuse_other_log(cast(Any, processor), subscriber)
    assert groups == [ASIDE]
    assert ASIDE not in set(ConnectionGroup)
