"""A stack for each smoke row of faults, as in `make faults`."""

from collections.abc import Iterator

import pytest

from tests.faults.extent import FULL
from tests.faults.running import FaultStack, running_stack

collect_ignore = [] if FULL else ["test_proxy_stack.py"]


@pytest.fixture
def fault_stack() -> Iterator[FaultStack]:
    """The embedded stack, supervised; nobody else acts on it."""
    with running_stack() as stack:
        yield stack
