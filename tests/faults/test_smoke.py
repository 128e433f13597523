"""People served while services are killed and frozen, while the broker dies, and while PostgreSQL does."""

import sys

import pytest

from deploy.local.home import default_home
from tests.faults.extent import seed_of_run
from tests.faults.rows import run_row
from tests.faults.running import FaultStack


@pytest.mark.parametrize("row", ["kills", "broker", "database"])
async def test_nothing_is_lost_and_nothing_happens_twice(fault_stack: FaultStack, row: str) -> None:
    """Whatever dies, comes back empty, or is restored from a backup; every fault of the row struck, where it should."""
    report = await run_row(fault_stack, row, seed_of_run())
    sys.stderr.write(f"{report.text()}\n  {report.write(default_home().root / 'faults')}\n")
    assert report.kept, report.text()
