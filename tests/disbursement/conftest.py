"""Fixtures of the disbursement tests."""

import pytest

from tests.disbursement.world import World
from tests.support.service import ServiceUnderTest


@pytest.fixture
async def world(disbursement: ServiceUnderTest) -> World:
    """A programme and its officers."""
    return await World.make(disbursement)
