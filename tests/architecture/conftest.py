"""Every service, put together as it runs, but on no database and no broker."""

import importlib
from collections.abc import Callable

import pytest

from chassis.service import Service
from deploy.local.provision import DatabaseUrls
from tests.architecture.house import SERVICES
from tests.support.service import TestIssuer, settings_for

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"


@pytest.fixture(scope="session")
def compose(issuer: TestIssuer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Service]:
    """`compose("registry")` is that service's composition root at work."""
    folder = tmp_path_factory.mktemp("composed")
    made: dict[str, Service] = {}

    def make(name: str) -> Service:
        if name not in made:
            settings = importlib.import_module(f"services.{name}.settings").Settings
            main = importlib.import_module(f"services.{name}.main")
            made[name] = main.create_service(settings(**settings_for(DatabaseUrls(*[NOWHERE] * 3), issuer, folder)))
        return made[name]

    return make


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, compose: Callable[[str], Service]) -> Service:
    """Each service in turn."""
    return compose(request.param)
