"""The lists' part of the benchmark: both sizes, the ratios, and whether they keep what is promised."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console

from benchmarks.lists.measure import Asking, ask_all
from benchmarks.lists.people import filled, has_giant
from benchmarks.lists.table import ROUTES
from benchmarks.servers import Servers
from benchmarks.targets import Target, row

console = Console(stderr=True)
QUICK_SIZES: Final = (10_000, 200_000)
FULL_SIZES: Final = (10_000, 1_000_000)
CALLS: Final = 15
FLOOR_MS: Final = 5.0
"""Where both sizes are answered faster, nobody waits, and the ratio is that of a busy machine's noise."""
GROWTH: Final = Target("slowest growth of a list or count, most people / 10,000", 3.0, 2.0, True, 1_000_000)
GIANT: Final = Target(
    "slowest answer about one programme of a tenth of the most people, ms", 1000.0, 500.0, True, 1_000_000
)
TARGETS: Final = (GROWTH, GIANT)


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
    """The rows of the table: the worst ratio, behind it every timing; and the slowest answer about the giant programme.

    Where all is answered before anybody waits nothing grew; where there are too few people nobody has a giant.
    """
    worst = max((timing["ratio"] for timing in counted(found)), default=1.0)
    people_count = found["sizes"][-1]
    rows = [row(GROWTH, worst, {**found, "missed": missed(found)}, people_count)]
    if of_giant := giants(found):
        rows.append(row(GIANT, of_giant[0]["large_ms"], {"sizes": found["sizes"], "timings": of_giant}, people_count))
    return rows


def counted(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The timings that are judged: noticeable, and not of a programme that itself grows with the people."""
    return [
        timing
        for timing in found["timings"]
        if max(timing["small_ms"], timing["large_ms"]) >= FLOOR_MS and not _is_giant(timing)
    ]


def giants(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of a programme that itself grows with the people, judged by what they take; the slowest first.

    None where there are too few people for one: the answers are those of a programme that nobody is in.
    """
    if not has_giant(found["sizes"][-1]):
        return []
    of_giant = [timing for timing in (*found["timings"], *found["only_large"]) if _is_giant(timing)]
    return sorted(of_giant, key=lambda timing: -timing["large_ms"])


def _is_giant(timing: Mapping[str, Any]) -> bool:
    return str(timing["filter"]).startswith("giant")


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
            sides = []
            for people in sizes:
                begun = time.perf_counter()
                sides.append(await stack.enter_async_context(filled(servers, name, people)))
                console.print(f"{name}: filled with {people:,} people in {time.perf_counter() - begun:.0f} s")
            begun = time.perf_counter()
            times |= await ask_all(sides, calls)
            console.print(f"{name}: asked in {time.perf_counter() - begun:.0f} s")
    return times
