"""One stack for all smoke tests of faults."""

from collections.abc import Iterator

import pytest

from tests.faults.extent import FULL
from tests.faults.running import FaultStack, running_stack

collect_ignore = [] if FULL else ["test_proxy_stack.py"]


@pytest.fixture(scope="package")
def fault_stack() -> Iterator[FaultStack]:
    """The embedded stack, supervised; tests keep their people apart by numbers of their own."""
    with running_stack() as stack:
        yield stack
