"""The rows of kills: which faults strike how often, in full and in the smoke part."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.faults.extent import extent
from tests.faults.injectors import ANYWHERE, DATA_DELETED, FREEZE, IMMEDIATE_STOP, KILL, PLACES
from tests.faults.injectors import RESTORED as RESTORED_FROM_BACKUP
from tests.faults.report import Report
from tests.faults.run import Run
from tests.faults.running import FaultStack
from tests.faults.servers import rebuild_broker, restore_service
from tests.faults.storm import Storm, server_plan, services_plan

DRAIN_SECONDS: Final = 60
"""The promise, held to in full."""
SMOKE_DRAIN_SECONDS: Final = 300
"""In every run of the tests, on whatever machine: what must come to an end; the figure is in the report."""
RESTORED: Final = "notifications"
"""Nobody acts there directly between backup and restore: everything it lost comes again from the topics."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How many, in full and in the smoke part."""

    full: int
    smoke: int

    @property
    def now(self) -> int:
        """In this run."""
        return extent(full=self.full, smoke=self.smoke)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: people to serve, and what happens to them meanwhile."""

    people: Amount
    faults: Callable[[Run, Storm], Coroutine[Any, Any, None]]
    faults_count: Amount
    actions: frozenset[str]
    """What has to strike at least once."""
    places: frozenset[str] = frozenset({ANYWHERE})
    """Where."""


KILLS: Final = Amount(full=500, smoke=20)
SERVER_KILLS: Final = Amount(full=20, smoke=2)
RESTORES: Final = Amount(full=2, smoke=1)


async def kills(run: Run, storm: Storm) -> None:
    """SIGKILL and SIGSTOP of every service, at random and at named places."""
    await storm.rage(services_plan(run.dice, KILLS.now, mean_pause_seconds=0.7))


async def broker(run: Run, storm: Storm) -> None:
    """SIGKILL of the broker, and its data folder deleted and rebuilt from the outbox archives."""
    await storm.rage(server_plan(run.dice, "kafka", SERVER_KILLS.now, mean_pause_seconds=2.0))
    await rebuild_broker(storm, run.clerk)


async def database(run: Run, storm: Storm) -> None:
    """Immediate stop and SIGKILL of PostgreSQL, and the restore of one service's backup taken in the middle."""
    await storm.rage(server_plan(run.dice, "postgres", SERVER_KILLS.now, mean_pause_seconds=2.0))
    for number in range(RESTORES.now):
        await asyncio.sleep(run.dice.uniform(0, 5))
        await restore_service(storm, RESTORED, run.stack.home.root / "backups" / f"{run.seed}-{number}")


ROWS: Final[Mapping[str, Row]] = {
    "kills": Row(Amount(10_000, 1_000), kills, KILLS, frozenset({KILL, FREEZE}), frozenset({*PLACES, ANYWHERE})),
    "broker": Row(Amount(1_000, 100), broker, Amount(20 + 1, 2 + 1), frozenset({KILL, DATA_DELETED})),
    "database": Row(
        Amount(1_000, 100), database, Amount(20 + 2, 2 + 1), frozenset({IMMEDIATE_STOP, KILL, RESTORED_FROM_BACKUP})
    ),
}


async def run_row(stack: FaultStack, name: str, seed: int) -> Report:
    """Run a row to its end and compare; the report says what it lacks of what the row promises to inject."""
    row = ROWS[name]
    limit_seconds = extent(full=DRAIN_SECONDS, smoke=SMOKE_DRAIN_SECONDS)
    report = await Run(stack, name, seed, row.people.now, limit_seconds).execute(row.faults)
    report.lacking += lacking(row, report)
    return report


def lacking(row: Row, report: Report) -> list[str]:
    """What the row should have done and did not."""
    told = []
    if len(report.struck) != row.faults_count.now:
        told.append(f"{len(report.struck)} faults instead of {row.faults_count.now}")
    if report.people_count < row.people.now:
        told.append(f"{report.people_count} people instead of {row.people.now}")
    told += [f"no {action}" for action in sorted(row.actions - {struck.action for struck in report.struck})]
    told += [f"nobody struck at {place}" for place in sorted(row.places - {struck.place for struck in report.struck})]
    return told
