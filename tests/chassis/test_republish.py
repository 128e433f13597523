"""The broker's log is lost and rebuilt under running services: everything is told again from the archive."""

import asyncio
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.broker import LogReplaced, RelayProducer
from chassis.health import readiness_problems
from chassis.migrations import upgrade_package
from chassis.settings import ServiceSettings
from deploy.local.home import Home
from deploy.local.kafka import Kafka
from deploy.local.ports import free_port
from deploy.local.provision import DatabaseUrls, create_topics
from tests.chassis.kafka import published, read_to_end, running, told, until
from tests.chassis.listener import heard_all, listener
from tests.chassis.sample.contract import catalogue_with
from tests.chassis.sample.service import Credit, create_service, credit
from tests.support.databases import DatabaseFor
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for

CREDITS = "sample.credits"


@pytest.fixture
def mortal_kafka(session_home: Home, tmp_path: Path) -> Iterator[Kafka]:
    """A broker of this test's own, since its log is deleted."""
    tmp_path.chmod(0o755)
    server = Kafka(Home(tmp_path / "mortal"), free_port())
    server.start()
    yield server
    server.stop()


Make = Callable[[str, DatabaseUrls], ServiceUnderTest]


@pytest.fixture
async def make(mortal_kafka: Kafka, issuer: TestIssuer, tmp_path: Path) -> Make:
    """`make("sample", urls)` tells of credits, `make("listener", urls)` adds up what it hears of them."""
    await _create_topics(mortal_kafka)

    def build(name: str, urls: DatabaseUrls) -> ServiceUnderTest:
        more = {"kafka_bootstrap_servers": mortal_kafka.bootstrap_servers, "relay_batch_size": 50}
        settings = ServiceSettings(**settings_for(urls, issuer, tmp_path, **more))
        service = create_service(settings, catalogue_with()) if name == "sample" else listener(name, settings)
        return ServiceUnderTest(service, issuer)

    return build


async def _create_topics(kafka: Kafka) -> None:
    await create_topics(kafka.bootstrap_servers, {entry.topic for entry in catalogue_with().values()})


async def test_a_rebuilt_broker_gets_the_whole_archive_in_order(
    mortal_kafka: Kafka, make: Make, sample_urls: DatabaseUrls, database_for: DatabaseFor
) -> None:
    """Nothing is sent into the new log before an operator says so; consumers end as if nothing had happened."""
    other_urls = await asyncio.to_thread(database_for, "sample", migrated=False)
    await asyncio.to_thread(upgrade_package, "tests.chassis.sample", other_urls.owner)
    async with running(make("sample", sample_urls)) as sample, running(make("listener", other_urls)) as hearing:
        await _credit(sample, 120)
        await until(lambda: heard_all(sample, hearing))
        await _rebuild(mortal_kafka)
        await until(lambda: _says(sample, "log_replaced"), 60)
        await _credit(sample, 30)
        assert not await read_to_end(mortal_kafka.bootstrap_servers, CREDITS)
        assert not await heard_all(sample, hearing)
        await _order_republishing(sample)
        await until(lambda: published(sample), 60)
        await until(lambda: heard_all(sample, hearing), 60)
        assert not await _says(sample, "log_replaced")
    await _assert_whole_archive_in_order(sample, mortal_kafka)


async def _credit(sample: ServiceUnderTest, count: int) -> None:
    for number in range(count):
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=number % 7), amount_rupiah=number + 1))


async def _rebuild(kafka: Kafka) -> None:
    await asyncio.to_thread(kafka.kill)
    await asyncio.to_thread(shutil.rmtree, kafka.folder / "data")
    await asyncio.to_thread(kafka.start)
    await _create_topics(kafka)


async def test_what_was_on_its_way_never_enters_the_log_built_in_its_place(mortal_kafka: Kafka) -> None:
    """The client library repeats what was not acknowledged, and would begin the new log with it."""
    await _create_topics(mortal_kafka)
    producer = RelayProducer(may_send=lambda: True, bootstrap_servers=mortal_kafka.bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(CREDITS, b"sent", key=b"k")
        await asyncio.to_thread(mortal_kafka.kill)
        held = await producer.send(CREDITS, b"on its way", key=b"k")
        await _rebuild(mortal_kafka)
        with pytest.raises(LogReplaced):
            await asyncio.wait_for(held, 60)
    finally:
        await producer.stop()
    assert await read_to_end(mortal_kafka.bootstrap_servers, CREDITS) == []


async def _says(sample: ServiceUnderTest, problem: str) -> bool:
    return problem in await readiness_problems(sample.service)


async def _order_republishing(sample: ServiceUnderTest) -> None:
    operator = sample.as_(Role.OPERATOR, agency="*", region="")
    view = (await operator.get("/admin/outbox")).json()
    assert view["depth"] == 30
    assert view["log_replaced_by"] not in (None, view["log_identity"])
    refused = await operator.post("/admin/outbox/republish", json={"log_identity": view["log_identity"]})
    assert refused.status_code == 409
    petugas = sample.as_(Role.PETUGAS)
    body = {"log_identity": view["log_replaced_by"]}
    assert (await petugas.post("/admin/outbox/republish", json=body)).status_code == 403
    assert (await operator.post("/admin/outbox/republish", json=body)).status_code == 202


async def _assert_whole_archive_in_order(sample: ServiceUnderTest, kafka: Kafka) -> None:
    wanted, found = defaultdict(list), defaultdict(list)
    for row in await sample.fetch_all("SELECT key, event_id FROM outbox ORDER BY position"):
        wanted[row.key].append(str(row.event_id))
    for key, event_id, _ in map(told, await read_to_end(kafka.bootstrap_servers, CREDITS)):
        found[key].append(event_id)
    assert found == wanted
    assert sum(len(ids) for ids in found.values()) == 150


async def test_an_empty_archive_takes_to_any_log(mortal_kafka: Kafka, make: Make, sample_urls: DatabaseUrls) -> None:
    """A service that told nothing yet has nothing to lose."""
    async with running(make("sample", sample_urls)) as sample:
        await until(lambda: _knows_its_log(sample))
        await _rebuild(mortal_kafka)
        await until(lambda: _consumes(sample), 60)
        await _credit(sample, 3)
        await until(lambda: published(sample), 60)
    assert len(await read_to_end(mortal_kafka.bootstrap_servers, CREDITS)) == 3


async def _knows_its_log(sample: ServiceUnderTest) -> bool:
    return bool(await sample.fetch_all("SELECT 1 FROM published_log"))


async def _consumes(sample: ServiceUnderTest) -> bool:
    return not await readiness_problems(sample.service)
