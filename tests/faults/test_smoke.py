"""A thousand people served while services are killed and frozen."""

import sys

from deploy.local.home import default_home
from tests.faults.extent import seed_of_run
from tests.faults.report import Report
from tests.faults.rows import run_row
from tests.faults.running import FaultStack


async def run(stack: FaultStack, row: str) -> Report:
    """Run the row, show and keep its report."""
    report = await run_row(stack, row, seed_of_run())
    sys.stderr.write(f"{report.text()}\n  {report.write(default_home().root / 'faults')}\n")
    return report


async def test_services_may_die_anywhere(fault_stack: FaultStack) -> None:
    """Nobody loses anything and nothing happens twice; every named place was met, by kills and freezes."""
    report = await run(fault_stack, "kills")
    assert report.kept, report.text()
