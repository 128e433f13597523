"""The world that tests of training start from."""

import pytest

from tests.support.service import ServiceUnderTest
from tests.training.builders import World


@pytest.fixture
async def world(training: ServiceUnderTest) -> World:
    """A world of the test's own."""
    return await World.create(training)
