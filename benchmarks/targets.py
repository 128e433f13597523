"""What is promised of speed, and whether the figures of a run keep it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

TOO_FEW: Final = "not at this size"


@dataclass(frozen=True, slots=True)
class Target:
    """One figure: `gate` must be reached, `goal` is wished for. Where `at_most`, smaller is better.

    `people_count`: among how many it is promised; of what is measured with fewer nothing is said.
    """

    figure: str
    gate: float
    goal: float
    at_most: bool = False
    people_count: int = 0

    def verdict(self, measured: float, people_count: int) -> str:
        """`goal`, `gate` or `missed`; TOO_FEW where it was measured with fewer people than it is promised for."""
        if people_count < self.people_count:
            return TOO_FEW
        sign = -1 if self.at_most else 1
        if sign * measured >= sign * self.goal:
            return "goal"
        return "gate" if sign * measured >= sign * self.gate else "missed"


CHAIN_SPEED: Final = Target("chassis chain / floor, people/s, telemetry on", 0.65, 0.85)
CHAIN_CPU: Final = Target("floor / chassis chain, CPU ms per person, telemetry on", 0.65, 0.85)
TELEMETRY: Final = Target("telemetry on / off, CPU ms per person", 1.15, 1.08, at_most=True)
TARGETS: Final = (CHAIN_SPEED, CHAIN_CPU, TELEMETRY)


def chain_rows(found: Mapping[str, Any], people_count: int) -> list[dict[str, Any]]:
    """The table's rows of the chain: ratios of medians, and the rounds they come from."""
    floor, traced, untraced = "floor, full", "chassis, telemetry on", "chassis, telemetry off"
    measured = {
        CHAIN_SPEED: ratio(found, "people_per_second", traced, floor),
        CHAIN_CPU: ratio(found, "cpu_ms_per_person", floor, traced),
        TELEMETRY: ratio(found, "cpu_ms_per_person", traced, untraced),
    }
    return target_rows(found, measured, people_count)


def ratio(found: Mapping[str, Any], figure: str, side: str, beside: str) -> float:
    """The median of one side's rounds over that of the other's."""
    return float(found[side][figure]["median"]) / float(found[beside][figure]["median"])


def target_rows(found: Mapping[str, Any], measured: Mapping[Target, float], people_count: int) -> list[dict[str, Any]]:
    """What was measured of each target and whether it is kept, with the rounds and the load of all sides behind it."""
    rounds = {side: found[side]["rounds"] for side in found}
    loads = {"load_average": {side: found[side]["load_average"] for side in found}}
    return [row(target, value, rounds, people_count) | loads for target, value in measured.items()]


def row(target: Target, measured: float, rounds: Any, people_count: int) -> dict[str, Any]:
    """A row of the table: what was measured with so many people against gate and goal, and the rounds behind it."""
    return {
        "figure": target.figure,
        "people_count": people_count,
        "measured": round(measured, 3),
        "gate": target.gate,
        "goal": target.goal,
        "at_most": target.at_most,
        "verdict": target.verdict(measured, people_count),
        "rounds": rounds,
    }
