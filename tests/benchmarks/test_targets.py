"""What the table of `make bench` says of what was measured."""

from typing import Any

import pytest

from benchmarks.product.targets import (
    AMONG_MANY,
    GROWTH,
    LATENCY_P50,
    LATENCY_P99,
    MEMORY,
    growth_rows,
    latency_rows,
    product_rows,
)
from benchmarks.targets import CHAIN_CPU, CHAIN_SPEED, TELEMETRY, Target, chain_rows

FAST, SMALL = Target("fast", 0.65, 0.85), Target("small", 1.15, 1.08, at_most=True)


@pytest.mark.parametrize(
    ("target", "measured", "verdict"),
    [
        (FAST, 0.85, "goal"), (FAST, 0.65, "gate"), (FAST, 0.6499, "missed"),
        (SMALL, 1.08, "goal"), (SMALL, 1.15, "gate"), (SMALL, 1.151, "missed"),
    ],
)  # fmt: skip
def test_a_target_is_reached_or_missed_on_its_own_side(target: Target, measured: float, verdict: str) -> None:
    assert target.verdict(measured) == verdict


def test_the_chain_is_compared_with_the_full_floor_by_medians() -> None:
    def side(speed: float, cpu: float) -> dict[str, Any]:
        return {"people_per_second": {"median": speed}, "cpu_ms_per_person": {"median": cpu}, "rounds": []}

    found = {
        "floor, plain": side(9999, 0.01), "floor, full": side(6000, 0.24),
        "chassis, telemetry off": side(4000, 0.3), "chassis, telemetry on": side(3000, 0.33),
    }  # fmt: skip
    measured = {row["figure"]: row["measured"] for row in chain_rows(found)}
    assert measured == {CHAIN_SPEED.figure: 0.5, CHAIN_CPU.figure: 0.727, TELEMETRY.figure: 1.1}


def test_growth_is_told_only_where_there_are_two_sizes() -> None:
    small = {"cpu_ms_per_person": 10.0, "memory_mb_by_process": {"registry": 200.0, "console": 150.0}}
    large = {"cpu_ms_per_person": 12.3, "memory_mb_by_process": {"registry": 210.0, "console": 260.0}}
    assert {row["figure"]: row["measured"] for row in product_rows({10: small})} == {MEMORY.figure: 200.0}
    both = {row["figure"]: (row["measured"], row["verdict"]) for row in product_rows({10: small, 100: large})}
    assert both == {MEMORY.figure: (260.0, "gate"), GROWTH.figure: (1.0, "goal")}


def test_growth_among_many_is_that_of_the_medians_over_the_floors() -> None:
    def side(median: float, *memory_mb: float) -> dict[str, Any]:
        rounds = [{"memory_mb_by_process": {"registry": most, "console": 90.0}} for most in memory_mb]
        return {"cpu_ms_per_person": {"median": median}, "rounds": rounds}

    rows = growth_rows({0: side(10.0, 150.0, 160.0), 1_000_000: side(14.76, 260.0, 170.0)})
    told = [(row["figure"], row["measured"], row["verdict"]) for row in rows]
    assert told == [(AMONG_MANY.figure, 1.2, "missed"), (MEMORY.figure, 260.0, "gate")]


def test_latency_is_a_ratio_beside_the_floor_and_seconds_beside_a_bulk_job() -> None:
    spreads = {"floor": {"p50": 20.0, "p99": 50.0}, "product": {"p50": 30.0, "p99": 200.0},
               "product beside a bulk job of 5,000": {"p50": 90.0, "p99": 800.0}}  # fmt: skip
    rows = {row["figure"]: (row["measured"], row["verdict"]) for row in latency_rows(spreads)}
    assert rows[LATENCY_P50.figure] == (1.5, "goal")
    assert rows[LATENCY_P99.figure] == (4.0, "missed")
    assert list(rows.values())[2] == (0.8, "gate")
