"""What the table of `make bench` says of what was measured."""

import importlib
import pkgutil
from typing import Any

import pytest

import benchmarks
from benchmarks.lists import rounds as lists_rounds
from benchmarks.parts import PARTS, TARGETS
from benchmarks.peers import targets as peers_targets
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
from benchmarks.targets import CHAIN_CPU, CHAIN_SPEED, TELEMETRY, TOO_FEW, Target, chain_rows

FAST, SMALL = Target("fast", 0.65, 0.85), Target("small", 1.15, 1.08, at_most=True, people_count=500)


@pytest.mark.parametrize(
    ("target", "measured", "people_count", "verdict"),
    [
        (FAST, 0.85, 1, "goal"), (FAST, 0.65, 1, "gate"), (FAST, 0.6499, 1, "missed"),
        (SMALL, 1.08, 500, "goal"), (SMALL, 1.15, 501, "gate"), (SMALL, 1.151, 500, "missed"),
        (SMALL, 1.08, 499, TOO_FEW), (SMALL, 1.151, 499, TOO_FEW),
    ],
)  # fmt: skip
def test_a_target_is_reached_or_missed_on_its_own_side_and_neither_among_too_few(
    target: Target, measured: float, people_count: int, verdict: str
) -> None:
    assert target.verdict(measured, people_count) == verdict


@pytest.mark.parametrize("target", [GROWTH, AMONG_MANY, MEMORY, lists_rounds.GROWTH, lists_rounds.GIANT])
def test_what_is_promised_among_a_million_is_judged_among_a_million_only(target: Target) -> None:
    assert target.verdict(0.1, 999_999) == TOO_FEW
    assert target.verdict(0.1, 1_000_000) == "goal"


def test_no_target_is_forgotten_where_it_is_looked_for_what_was_not_measured() -> None:
    assert TARGETS.keys() == PARTS.keys()
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(benchmarks.__path__, "benchmarks.")
        if found.name.endswith(("targets", "rounds"))
    ]
    there = {each for module in modules for each in vars(module).values() if isinstance(each, Target)}
    assert there | set(peers_targets.TARGETS.values()) == {each for part in TARGETS.values() for each in part}


def test_the_chain_is_compared_with_the_full_floor_by_medians() -> None:
    def side(speed: float, cpu: float) -> dict[str, Any]:
        return {
            "people_per_second": {"median": speed},
            "cpu_ms_per_person": {"median": cpu},
            "rounds": [],
            "load_average": speed,
        }

    found = {
        "floor, plain": side(9999, 0.01), "floor, full": side(6000, 0.24),
        "chassis, telemetry off": side(4000, 0.3), "chassis, telemetry on": side(3000, 0.33),
    }  # fmt: skip
    measured = {row["figure"]: row["measured"] for row in chain_rows(found, 50_000)}
    assert chain_rows(found, 50_000)[0]["load_average"]["floor, full"] == 6000
    assert measured == {CHAIN_SPEED.figure: 0.5, CHAIN_CPU.figure: 0.727, TELEMETRY.figure: 1.1}


def test_growth_is_told_only_where_there_are_two_sizes() -> None:
    small = {"cpu_ms_per_person": 10.0, "memory_mb_by_process": {"registry": 200.0, "console": 150.0}}
    large = {"cpu_ms_per_person": 12.3, "memory_mb_by_process": {"registry": 210.0, "console": 260.0}}
    alone = [(row["figure"], row["people_count"], row["measured"]) for row in product_rows({10_000: small})]
    assert alone == [(MEMORY.figure, 10_000, 200.0)]
    found = {10_000: small, 1_000_000: large}
    assert {row["people_count"] for row in product_rows(found)} == {1_000_000}
    both = {row["figure"]: (row["measured"], row["verdict"]) for row in product_rows(found)}
    assert both == {MEMORY.figure: (260.0, "gate"), GROWTH.figure: (1.0, "goal")}


def test_growth_among_many_is_that_of_the_medians_over_the_floors() -> None:
    def side(median: float, *memory_mb: float) -> dict[str, Any]:
        rounds = [{"memory_mb_by_process": {"registry": most, "console": 90.0}} for most in memory_mb]
        return {"cpu_ms_per_person": {"median": median}, "rounds": rounds}

    rows = growth_rows({0: side(10.0, 150.0, 160.0), 1_000_000: side(14.76, 260.0, 170.0)})
    told = [(row["figure"], row["measured"], row["verdict"]) for row in rows]
    assert told == [(AMONG_MANY.figure, 1.2, "missed"), (MEMORY.figure, 260.0, "gate")]
    few = growth_rows({0: side(10.0, 150.0), 100_000: side(14.76, 260.0)})
    assert [(row["people_count"], row["verdict"]) for row in few] == [(100_000, TOO_FEW)] * 2


def test_latency_is_a_ratio_beside_the_floor_and_seconds_beside_a_bulk_job() -> None:
    spreads = {"floor": {"p50": 20.0, "p99": 50.0}, "product": {"p50": 30.0, "p99": 200.0, "n": 3_000.0},
               "product beside a bulk job of 5,000": {"p50": 90.0, "p99": 800.0}}  # fmt: skip
    rows = {row["figure"]: (row["measured"], row["verdict"]) for row in latency_rows(spreads)}
    assert rows[LATENCY_P50.figure] == (1.5, "goal")
    assert rows[LATENCY_P99.figure] == (4.0, "missed")
    assert list(rows.values())[2] == (0.8, "gate")
