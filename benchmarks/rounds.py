"""One round of one side: time, processor time, memory, and the proof that the end is right."""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.servers import Servers
from benchmarks.sides import Side
from benchmarks.usage import cpu_seconds, memory_mb

TIMEOUT_SECONDS = 900
LOOK_SECONDS = 0.5


class WrongEnd(Exception):
    """The counts differ or the ledger does not sum to zero: the round has no figure."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round measured."""

    people_count: int
    seconds: float
    people_per_second: float
    cpu_ms_per_person: float
    cpu_seconds_by_part: dict[str, float]
    memory_mb_by_process: dict[str, float]
    load_average: float


async def measure(side: Side, people_count: int, meanwhile: Callable[[], Awaitable[None]] | None = None) -> Figures:
    """Run a round until the side is done: all that follows is there, and the outboxes are sent.

    Start-up and the joining of groups are left out. `meanwhile` runs beside, to disturb. Raises WrongEnd.
    """
    await side.prepare()
    await side.settle()
    await side.start()
    try:
        before, began = _cpu(side), time.perf_counter()
        await side.go(people_count)
        disturbing = asyncio.ensure_future(meanwhile()) if meanwhile else None
        peak = await _until_done(side, people_count)
        seconds, after = time.perf_counter() - began, _cpu(side)
        if disturbing:
            await disturbing
    finally:
        side.stop()
    await require_end(side, people_count)
    return figures(people_count, seconds, {part: after[part] - before[part] for part in after}, peak)


async def measure_and_drop(
    side: Side, people_count: int, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> Figures:
    """As `measure`; the side's databases are gone at the end."""
    found = await measure(side, people_count, meanwhile)
    await side.drop()
    return found


def figures(people_count: int, seconds: float, used: Mapping[str, float], peak: Mapping[str, float]) -> Figures:
    """Of a round: its seconds, the seconds of processor time by part, and the most megabytes by process."""
    return Figures(
        people_count=people_count,
        seconds=seconds,
        people_per_second=people_count / seconds,
        cpu_ms_per_person=1000 * sum(used.values()) / people_count,
        cpu_seconds_by_part=dict(used),
        memory_mb_by_process=dict(peak),
        load_average=os.getloadavg()[0],
    )


async def _until_done(side: Side, people_count: int) -> dict[str, float]:
    peak: dict[str, float] = {}
    deadline, look_at = time.monotonic() + TIMEOUT_SECONDS, time.monotonic()
    while not await side.is_done(people_count):
        # Looking costs milliseconds, which those who are measured would miss.
        if time.monotonic() >= look_at:
            look_at = time.monotonic() + LOOK_SECONDS
            for name, megabytes in memory_mb({role: p.pid for role, p in side.processes.items()}).items():
                peak[name] = max(peak.get(name, 0), megabytes)
        if dead := [role for role, process in side.processes.items() if process.poll() is not None]:
            raise WrongEnd(f"{', '.join(dead)} ended by itself: see its log")
        if time.monotonic() > deadline:
            raise WrongEnd(f"not done after {TIMEOUT_SECONDS} s: {await side.counts()}")
        await asyncio.sleep(0.1)
    return peak


async def require_end(side: Side, people_count: int) -> None:
    """Every count as it must be, the ledger's sum zero. Raises WrongEnd."""
    counts, expected = await side.counts(), side.expected(people_count)
    if counts != expected:
        raise WrongEnd(f"{counts} instead of {expected}")


def _cpu(side: Side) -> dict[str, float]:
    servers: Servers = side.servers
    return {
        "python": cpu_seconds(process.pid for process in side.processes.values()),
        "postgres": cpu_seconds([servers.postgres.pid or 0]),
        "kafka": cpu_seconds([servers.kafka.pid or 0]),
    }


def summary(rounds: Sequence[Figures]) -> dict[str, Any]:
    """Of one side's rounds: each, and the spread of what is compared."""
    return {
        "rounds": [asdict(each) for each in rounds],
        "people_per_second": spread([each.people_per_second for each in rounds]),
        "cpu_ms_per_person": spread([each.cpu_ms_per_person for each in rounds]),
        "memory_mb": max(max(each.memory_mb_by_process.values()) for each in rounds),
        "load_average": max(each.load_average for each in rounds),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Minimum, median and maximum."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}
