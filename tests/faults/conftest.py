"""One stack for all smoke tests of faults."""

from collections.abc import Iterator

import pytest

from tests.faults.running import FaultStack, running_stack


@pytest.fixture(scope="package")
def fault_stack() -> Iterator[FaultStack]:
    """The embedded stack, supervised; tests keep their people apart by numbers of their own."""
    with running_stack() as stack:
        yield stack
