"""A consumer that asks and gets nothing, waits for its group for ever, or hangs, is replaced by a fresh one."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

import pytest
from aiokafka.client import AIOKafkaClient

from chassis import hearing, stopping
from chassis import subscription as subscription_module
from chassis.subscription import Subscription
from deploy.local.kafka import Kafka
from tests.chassis.builders import ordered
from tests.chassis.kafka import MakeSample, has_accounts, running, send, until


def _deaf(subscription: Subscription) -> None:
    consumer = subscription._subscriber.consumer
    consumer.pause(*consumer.assignment())


def _not_joined(subscription: Subscription) -> None:
    _deaf(subscription)
    assert subscription._listener is not None
    subscription._listener.waits_since = time.monotonic()


def _without_coordinator(subscription: Subscription) -> None:
    """As behind silent connections: it waits for news of the cluster that nobody fetches."""
    coordinator = subscription._subscriber.consumer._coordinator
    coordinator._client.force_metadata_update = coordinator._client.coordinator_lookup = _never
    coordinator.coordinator_dead()


def _never(*_: object) -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("lose", [_deaf, _not_joined, _without_coordinator])
async def test_a_consumer_that_hears_nothing_any_more_is_replaced(
    kafka: Kafka, prefix: str, make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch,
    lose: Callable[[Subscription], None],
) -> None:  # fmt: skip
    monkeypatch.setattr(hearing, "DEAF_SECONDS", 1.0 if lose is _deaf else 1000.0)
    monkeypatch.setattr(hearing, "COORDINATOR_SECONDS", 2.0)
    monkeypatch.setattr(hearing, "JOINING_SECONDS", 2.0)
    monkeypatch.setattr(stopping, "STOP_SECONDS", 1.0)
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(1)])
        await until(lambda: has_accounts(sample, 1))
        subscription = sample.service.subscription
        assert subscription is not None
        before = subscription._subscriber.consumer
        lose(subscription)
        await send(kafka, f"{prefix}outside.orders", [ordered(2)])
        await until(lambda: has_accounts(sample, 2), 60)
        await until(lambda: _replaced(subscription, before), 60)


async def test_a_start_that_never_ends_is_begun_anew(
    kafka: Kafka, prefix: str, make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client waits for its share of the partitions without limit, and loses its coordinator most easily then."""
    monkeypatch.setattr(subscription_module, "JOINING_SECONDS", 5.0)
    monkeypatch.setattr(stopping, "STOP_SECONDS", 1.0)
    lookup, lookups = AIOKafkaClient.coordinator_lookup, [_never]
    monkeypatch.setattr(
        AIOKafkaClient,
        "coordinator_lookup",
        lambda client, *asked: (lookups.pop() if lookups else partial(lookup, client))(*asked),
    )
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(1)])
        await until(lambda: has_accounts(sample, 1), 60)
    assert not lookups


async def test_a_consumer_with_nothing_to_hear_is_left_alone(
    kafka: Kafka, prefix: str, make_sample: MakeSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "DEAF_SECONDS", 0.1)
    looks: list[str | None] = []
    lost = hearing.Hearing.lost

    async def noted(self: hearing.Hearing, consumer: object) -> str | None:
        looks.append(await lost(self, consumer))
        return looks[-1]

    monkeypatch.setattr(hearing.Hearing, "lost", noted)
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(1)])
        await until(lambda: has_accounts(sample, 1))
        looks.clear()
        await until(lambda: _looked(looks, 4))
    assert set(looks) == {None}


async def _replaced(subscription: Subscription, before: object) -> bool:
    return subscription._subscriber.consumer not in {None, before}


async def _looked(looks: list[str | None], count: int) -> bool:
    return len(looks) >= count
