"""The sample service on a database of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.migrations import upgrade_package
from chassis.settings import ServiceSettings
from deploy.local.provision import DatabaseUrls
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
