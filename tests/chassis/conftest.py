"""The sample service on a database of its own."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.migrations import upgrade_package
from chassis.settings import ServiceSettings
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls, create_topics
from tests.chassis.kafka import MakeSample
from tests.chassis.sample.contract import catalogue_with
from tests.chassis.sample.service import create_service
from tests.support.databases import DatabaseFor
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for


@pytest.fixture
async def sample_urls(database_for: DatabaseFor) -> DatabaseUrls:
    """A migrated database for the sample."""
    urls = await asyncio.to_thread(database_for, "sample", migrated=False)
    await asyncio.to_thread(upgrade_package, "tests.chassis.sample", urls.owner)
    return urls


@pytest.fixture
async def sample(sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path) -> AsyncIterator[ServiceUnderTest]:
    """The sample service, without a broker."""
    settings = ServiceSettings(**settings_for(sample_urls, issuer, tmp_path))
    under_test = ServiceUnderTest(create_service(settings, catalogue_with()), issuer)
    yield under_test
    await under_test.close()


@pytest.fixture
async def prefix(kafka: Kafka) -> str:
    """Topics of this test's own."""
    name = f"t{uuid.uuid4().hex[:8]}."
    topics = {entry.topic for entry in catalogue_with(name).values()}
    await create_topics(kafka.bootstrap_servers, topics)
    return name


@pytest.fixture
def make_sample(kafka: Kafka, sample_urls: DatabaseUrls, issuer: TestIssuer, tmp_path: Path, prefix: str) -> MakeSample:
    """Processes of the sample on one database and one set of topics."""

    def make(urls: DatabaseUrls = sample_urls) -> ServiceUnderTest:
        more = {"kafka_bootstrap_servers": kafka.bootstrap_servers}
        settings = ServiceSettings(**settings_for(urls, issuer, tmp_path, **more))
        return ServiceUnderTest(create_service(settings, catalogue_with(prefix)), issuer)

    return make
