"""The real servers of the test session, started when the first test asks for them, and stopped at its end."""

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog

from chassis.logs import without_values
from deploy.local.guard import guard_of
from deploy.local.home import Home
from deploy.local.kafka import Kafka
from deploy.local.loopback import without_proxy
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.provision import DatabaseUrls, create_topics
from deploy.local.waiting import run_async
from tests.support.databases import DatabaseFor, Databases
from tests.support.service import ServiceFactory, ServiceUnderTest, TestIssuer, services_under_test


@pytest.fixture(scope="session", autouse=True)
def without_the_offices_proxy() -> Iterator[None]:
    """Everything the tests ask is on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in without_proxy(os.environ).items():
            patch.setenv(name, value)
        yield


# Tests provoke errors by the hundred: their logs show no locals, as in a service, and cost no time.
structlog.configure(processors=[without_values, structlog.processors.KeyValueRenderer()])


@pytest.fixture(scope="session")
def session_home() -> Iterator[Home]:
    """A stack folder of this session, guarded: a killed test run leaves no server behind."""
    folder = Path(tempfile.mkdtemp(prefix="sinergi-test-"))
    folder.chmod(0o755)
    home = Home(folder)
    home.create()
    guard = guard_of(home)
    guard.start()
    yield home
    guard.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(session_home: Home) -> Iterator[Postgres]:
    """The real PostgreSQL."""
    server = Postgres(session_home, free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka(session_home: Home) -> Iterator[Kafka]:
    """The real Kafka."""
    server = Kafka(session_home, free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    """Maker of migrated databases."""

    def migrate(service: str, owner_url: str) -> None:
        from chassis.migrations import upgrade

        # In a thread: Alembic's environment runs an event loop of its own, and the test has one already.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(upgrade, service, owner_url).result()

    return Databases(postgres, migrate)


@pytest.fixture
def database_for(databases: Databases) -> Iterator[DatabaseFor]:
    """`database_for("registry")` gives this test a database of its own with that service's schema.

    With `migrated=False` it has the three roles but no table, for tests of the chassis and of migrations.
    """
    made: list[DatabaseUrls] = []

    def make(service: str, *, migrated: bool = True) -> DatabaseUrls:
        made.append(databases.create(service, migrated=migrated))
        return made[-1]

    yield make
    for urls in made:
        databases.drop(urls)


@pytest.fixture
def topic_prefix(kafka: Kafka) -> str:
    """A prefix for this test's topics and consumer groups, with all topics of the catalogue made under it."""
    from contracts.catalogue import TOPICS

    prefix = f"t{uuid.uuid4().hex[:10]}."
    run_async(create_topics(kafka.bootstrap_servers, TOPICS, prefix))
    return prefix


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> TestIssuer:
    """Signs the tokens of a test session."""
    return TestIssuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
async def start_service(database_for: DatabaseFor, issuer: TestIssuer, tmp_path: Path) -> AsyncIterator[ServiceFactory]:
    """`await start_service("registry", **settings)`: the real service on a database of its own."""
    async with services_under_test(database_for, issuer, tmp_path) as make:
        yield make


@pytest.fixture
async def registry(start_service: ServiceFactory) -> ServiceUnderTest:
    """The registry."""
    return await start_service("registry")


@pytest.fixture
async def training(start_service: ServiceFactory) -> ServiceUnderTest:
    """The training service."""
    return await start_service("training")


@pytest.fixture
async def disbursement(start_service: ServiceFactory) -> ServiceUnderTest:
    """The disbursement service."""
    return await start_service("disbursement")


@pytest.fixture
async def followup(start_service: ServiceFactory) -> ServiceUnderTest:
    """The follow-up service."""
    return await start_service("followup")


@pytest.fixture
async def notifications(start_service: ServiceFactory) -> ServiceUnderTest:
    """The notifications service."""
    return await start_service("notifications")


@pytest.fixture
async def console(start_service: ServiceFactory) -> ServiceUnderTest:
    """The console."""
    return await start_service("console")
