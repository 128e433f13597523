"""The whole stack behind proxies, too long for every run of the tests: collected by `make faults` only."""

import sys

from tests.faults.extent import seed_of_run
from tests.faults.proxy_path import proxied_stack, rage_on
from tests.faults.rows import DRAIN_SECONDS
from tests.faults.run import Run

PEOPLE_COUNT = 1_000
FAULTS_COUNT = 50


async def test_the_services_keep_their_promise_through_bad_connections() -> None:
    with proxied_stack() as stack:
        run = Run(stack, "proxy", seed_of_run(), people_count=PEOPLE_COUNT, drain_limit_seconds=DRAIN_SECONDS)
        report = await run.execute(lambda run, storm: rage_on(run, storm, FAULTS_COUNT))
    sys.stderr.write(f"{report.text()}\n")
    assert report.kept, report.text()
