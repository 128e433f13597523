"""The rows of kills: which faults strike how often, in full and in the smoke part."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.faults.extent import extent
from tests.faults.report import Report
from tests.faults.run import Run
from tests.faults.running import FaultStack
from tests.faults.servers import rebuild_broker, restore_service
from tests.faults.storm import Storm, server_plan, services_plan

DRAIN_SECONDS: Final = 60
"""The promise, on a machine of its own; the smoke part allows more, since it shares the machine with anything."""
SMOKE_DRAIN_SECONDS: Final = 120
RESTORED: Final = "notifications"
"""Nobody acts there directly between backup and restore: everything it lost comes again from the topics."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: people to serve, and what happens to them meanwhile."""

    full_people_count: int
    smoke_people_count: int
    faults: Callable[[Run, Storm], Coroutine[Any, Any, None]]


async def kills(run: Run, storm: Storm) -> None:
    """SIGKILL and SIGSTOP of every service, at random and at named places."""
    await storm.rage(services_plan(run.dice, extent(full=500, smoke=20), mean_pause_seconds=1.0))


async def broker(run: Run, storm: Storm) -> None:
    """SIGKILL of the broker, and its data folder deleted and rebuilt from the outbox archives."""
    await storm.rage(server_plan(run.dice, "kafka", extent(full=20, smoke=2), mean_pause_seconds=4.0))
    await rebuild_broker(storm, run.clerk)


async def database(run: Run, storm: Storm) -> None:
    """Immediate stop and SIGKILL of PostgreSQL, and the restore of one service's backup taken in the middle."""
    await storm.rage(server_plan(run.dice, "postgres", extent(full=20, smoke=2), mean_pause_seconds=4.0))
    for number in range(extent(full=2, smoke=1)):
        await asyncio.sleep(run.dice.uniform(0, 5))
        await restore_service(storm, RESTORED, run.stack.home.root / "backups" / f"{run.seed}-{number}")


ROWS: Final[Mapping[str, Row]] = {
    "kills": Row(10_000, 1_000, kills),
    "broker": Row(1_000, 100, broker),
    "database": Row(1_000, 100, database),
}


async def run_row(stack: FaultStack, name: str, seed: int) -> Report:
    """Run a row to its end and compare. Raises TimeoutError when it does not drain in time."""
    row = ROWS[name]
    people_count = extent(full=row.full_people_count, smoke=row.smoke_people_count)
    drain_seconds = extent(full=DRAIN_SECONDS, smoke=SMOKE_DRAIN_SECONDS)
    return await Run(stack, name, seed, people_count, drain_seconds).execute(row.faults)
