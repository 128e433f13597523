"""The lists' part of the benchmark: both sizes, the ratios, and whether they keep what is promised."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any, Final

from benchmarks.lists.measure import Asking, ask_all
from benchmarks.lists.people import filled
from benchmarks.lists.table import ROUTES
from benchmarks.servers import Servers
from benchmarks.targets import Target, row

QUICK_SIZES: Final = (10_000, 200_000)
FULL_SIZES: Final = (10_000, 1_000_000)
CALLS: Final = 15
FLOOR_MS: Final = 5.0
"""Where both sizes are answered faster, nobody waits, and the ratio is that of a busy machine's noise."""
GROWTH: Final = Target("slowest growth of a list or count, most people / 10,000", 3.0, 2.0, at_most=True)


def lists(
    servers: Servers,
    sizes: Sequence[int] = QUICK_SIZES,
    services: Sequence[str] = tuple(ROUTES),
    calls: int = CALLS,
) -> dict[str, Any]:
    """Median milliseconds of every route, filter, scope and page at both sizes, and how many times slower it got."""
    times = asyncio.run(_times(servers, services, sizes, calls))
    return {
        "sizes": list(sizes),
        "timings": [
            asdict(asking)
            | {"small_ms": round(small, 2), "large_ms": round(large, 2), "ratio": round(large / small, 2)}
            for asking, (small, large) in times.items()
            if small is not None and large is not None
        ],
        "only_large": [
            asdict(asking) | {"large_ms": round(large, 2)}
            for asking, (small, large) in times.items()
            if small is None and large is not None
        ],
    }


def list_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The row of the table: the worst ratio, behind it every timing, and those that miss by themselves."""
    worst = max(timing["ratio"] for timing in counted(found))
    return [row(GROWTH, worst, {**found, "missed": missed(found)})]


def counted(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The timings that are judged: noticeable, and not of a programme that itself grows with the people."""
    return [
        timing
        for timing in found["timings"]
        if max(timing["small_ms"], timing["large_ms"]) >= FLOOR_MS and not timing["filter"].startswith("giant")
    ]


def missed(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that became more than the gate's times slower, the worst first."""
    slower = [timing for timing in counted(found) if timing["ratio"] > GROWTH.gate]
    return sorted(slower, key=lambda timing: -timing["ratio"])


async def _times(
    servers: Servers, services: Sequence[str], sizes: Sequence[int], calls: int
) -> dict[Asking, list[float | None]]:
    times: dict[Asking, list[float | None]] = {}
    for name in services:
        async with AsyncExitStack() as stack:
            sides = [await stack.enter_async_context(filled(servers, name, people)) for people in sizes]
            times |= await ask_all(sides, calls)
    return times
