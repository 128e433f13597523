"""What is promised of the product's own chain and of its latency."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from benchmarks.targets import Target, row

FLOOR_GROWTH: Final = 1.23
"""CPU of the floor at a million relative to ten thousand: it grows with the depth of the indexes."""
GROWTH: Final = Target(
    "product chain, CPU ms per person, most people / fewest, over the floor's growth", 1.15, 1.0, True, 1_000_000
)
AMONG_MANY: Final = Target(
    "product chain, CPU ms per person, among many served before / among few, over the floor's growth",
    1.15, 1.0, True, 1_000_000,
)  # fmt: skip
MEMORY: Final = Target("memory of any service during the product chain, MB", 400, 250, True, 1_000_000)
LATENCY_P50: Final = Target("handover to message and plan / floor's two hops, p50", 2.0, 1.5, True)
LATENCY_P99: Final = Target("handover to message and plan / floor's two hops, p99", 3.0, 2.0, True)
BESIDE_BULK: Final = Target("handover beside a bulk job, p99, seconds", 1.0, 0.5, True)
TARGETS: Final = (MEMORY, GROWTH)
GROWTH_TARGETS: Final = (AMONG_MANY, MEMORY)
LATENCY_TARGETS: Final = (LATENCY_P50, LATENCY_P99, BESIDE_BULK)


def product_rows(found: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The table's rows of the product's chain with most people; growth is told where there is a smaller size."""
    most = max(found)
    rows = [_memory_row(found, [found[most]])]
    if len(found) > 1:
        growth = found[most]["cpu_ms_per_person"] / found[min(found)]["cpu_ms_per_person"]
        rows.append(row(GROWTH, growth / FLOOR_GROWTH, found, most))
    return rows


def growth_rows(found: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The table's rows of people served among many: what each costs more than among few, and the most memory."""
    ratio = found[max(found)]["cpu_ms_per_person"]["median"] / found[min(found)]["cpu_ms_per_person"]["median"]
    rounds = [figures for side in found.values() for figures in side["rounds"]]
    return [row(AMONG_MANY, ratio / FLOOR_GROWTH, found, max(found)), _memory_row(found, rounds)]


def _memory_row(found: Mapping[int, Any], rounds: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    most_mb = max(max(figures["memory_mb_by_process"].values()) for figures in rounds)
    return row(MEMORY, most_mb, found, max(found))


def latency_rows(found: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """The table's rows of latency: beside the floor, and while a bulk job runs."""
    floor, alone = found["floor"], found["product"]
    beside = next(spread for side, spread in found.items() if "bulk" in side)
    measured = {
        LATENCY_P50: alone["p50"] / floor["p50"],
        LATENCY_P99: alone["p99"] / floor["p99"],
        BESIDE_BULK: beside["p99"] / 1000,
    }
    return [row(target, value, found, int(alone["n"])) for target, value in measured.items()]
