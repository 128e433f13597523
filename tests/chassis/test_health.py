"""Readiness turns false with the reason, and true again by itself: each fault is the real one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chassis import subscription, workers
from chassis.metrics import backlog
from chassis.processing import Processor
from chassis.settings import ServiceSettings
from deploy.local.guard import guard_of
from deploy.local.home import Home
from deploy.local.kafka import Kafka
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.provision import DatabaseUrls, create_topics
from tests.chassis.builders import ordered
from tests.chassis.kafka import MakeSample, running, send, until
from tests.chassis.sample.contract import catalogue_with
from tests.chassis.sample.service import create_service
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for

BROKER_SECONDS = 15 + backlog.ANSWER_SECONDS
"""Promised are about 15 s; a machine under load may be late by one answer."""


async def problems(sample: ServiceUnderTest) -> list[str]:
    """What `/health/ready` says."""
    answer = await sample.client().get("/health/ready")
    found: list[str] = answer.json()["problems"]
    assert answer.status_code == (503 if found else 200)
    return found


async def until_told(sample: ServiceUnderTest, told: Callable[[list[str]], bool], seconds: float = 30) -> None:
    """Wait until readiness says so."""

    async def says() -> bool:
        return told(await problems(sample))

    await until(says, seconds)


async def until_ready(sample: ServiceUnderTest) -> None:
    """Wait until nothing is wrong."""
    await until_told(sample, lambda found: not found)


@pytest.fixture
async def consuming(prefix: str, make_sample: MakeSample) -> AsyncIterator[ServiceUnderTest]:
    """The sample at work on the session's broker, ready."""
    async with running(make_sample()) as sample:
        await until_ready(sample)
        yield sample


async def test_a_database_that_is_gone(sample: ServiceUnderTest, postgres: Postgres, sample_urls: DatabaseUrls) -> None:
    name = sample_urls.owner.rsplit("/", 1)[1]
    assert await problems(sample) == []
    superuser = await asyncpg.connect(postgres.url())
    try:
        await superuser.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        assert await problems(sample) == ["database_unreachable"]
        await superuser.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        await superuser.close()
    assert await problems(sample) == []


async def test_a_schema_that_is_not_this_codes(sample: ServiceUnderTest, sample_urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(sample_urls.owner)
    try:
        expected = await owner.fetchval("SELECT version_num FROM alembic_version")
        await owner.execute("UPDATE alembic_version SET version_num = '0000'")
        assert await problems(sample) == ["migrations_behind"]
        await owner.execute("UPDATE alembic_version SET version_num = $1", expected)
    finally:
        await owner.close()
    assert await problems(sample) == []


@pytest.fixture
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker that a test may kill."""
    home = Home(Path(tmp_path_factory.mktemp("broker")))
    home.create()
    guard = guard_of(home)
    guard.start()
    server = Kafka(home, free_port())
    server.start()
    yield server
    server.stop()
    guard.stop()


async def test_a_broker_that_is_gone_while_nobody_has_anything_to_send_or_to_read(
    own_kafka: Kafka, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path
) -> None:
    await create_topics(own_kafka.bootstrap_servers, {entry.topic for entry in catalogue_with().values()})
    more = {"kafka_bootstrap_servers": own_kafka.bootstrap_servers}
    settings = ServiceSettings(**settings_for(sample_urls, issuer, tmp_path, **more))
    async with running(ServiceUnderTest(create_service(settings, catalogue_with()), issuer)) as sample:
        await until_ready(sample)
        own_kafka.kill()
        killed_at = time.monotonic()
        await until_told(sample, lambda found: "broker_unreachable" in found, BROKER_SECONDS)
        assert time.monotonic() - killed_at > 1, "a hiccup is not yet a broker that is gone"
        await asyncio.to_thread(own_kafka.start)
        await until_ready(sample)


async def test_a_consumer_whose_task_is_dead(consuming: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts again by itself; for a while readiness does not trust it."""
    monkeypatch.setattr(workers, "RECENT_SECONDS", 2)
    assert consuming.service.subscription is not None
    for task in consuming.service.subscription.tasks:
        task.cancel()
    await until_told(consuming, lambda found: bool({"consumer_task_dead", "consumer_failing"} & set(found)), 10)
    await until_ready(consuming)


async def test_a_consumer_that_does_not_ask_the_log_any_more(
    kafka: Kafka, prefix: str, consuming: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, process = asyncio.Event(), Processor.process

    async def hang(self: Processor, records: Any) -> None:
        await released.wait()
        await process(self, records)

    monkeypatch.setattr(Processor, "process", hang)
    monkeypatch.setattr(subscription, "STALLED_SECONDS", 2)
    await send(kafka, f"{prefix}outside.orders", [ordered(1)])
    await until_told(consuming, lambda found: found == ["consumer_stalled"], 20)
    released.set()
    await until_ready(consuming)
