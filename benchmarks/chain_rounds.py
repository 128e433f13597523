"""The chain on the chassis beside the floor, in interleaved rounds, after all forms proved that they lose nothing."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from rich.console import Console

from benchmarks.proof import prove
from benchmarks.rounds import Figures, measure_and_drop, summary
from benchmarks.servers import Servers
from benchmarks.sides import ChassisSide, FloorSide, Side
from chassis.settings import ServiceSettings

console = Console(stderr=True)

Make = Callable[[], Side]


def chain(servers: Servers, people_count: int, rounds_count: int, traces_endpoint: str) -> dict[str, Any]:
    """Rounds of each side, interleaved, by side. Raises WrongEnd before any figure is told.

    Telemetry on: metrics as always, and traces at the default sampling, exported to `traces_endpoint`.
    """
    sampling = float(ServiceSettings.model_fields["traces_sample_ratio"].default)
    sides: dict[str, Make] = {
        "floor, plain": lambda: FloorSide(servers, full=False),
        "floor, full": lambda: FloorSide(servers, full=True),
        "chassis, telemetry off": lambda: ChassisSide(servers),
        "chassis, telemetry on": lambda: ChassisSide(
            servers, traces_sample_ratio=sampling, traces_endpoint=traces_endpoint
        ),
    }
    for name, make in sides.items():
        asyncio.run(prove(name, make()))
    found: dict[str, list[Figures]] = {name: [] for name in sides}
    for number in range(rounds_count):
        # In another order each round: none always runs on the warmest cache.
        for name in random.Random(number).sample(list(sides), len(sides)):
            figures = asyncio.run(measure_and_drop(sides[name](), people_count))
            found[name].append(figures)
            console.print(f"round {number + 1}, {name}: {figures.people_per_second:.0f} people/s, "
                          f"{figures.cpu_ms_per_person:.3f} CPU ms per person")  # fmt: skip
    return {name: summary(rounds) for name, rounds in found.items()}
