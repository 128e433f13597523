"""The chain on the chassis beside the floor, in interleaved rounds, after both proved that they lose nothing."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from rich.console import Console

from benchmarks.rounds import Figures, measure, summary
from benchmarks.servers import Servers
from benchmarks.sides import ChassisSide, FloorSide, Side
from chassis.settings import ServiceSettings

console = Console(stderr=True)
PROOF_PEOPLE = 5_000
REPEATED_SHARE = 0.05

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
    asyncio.run(_prove(servers))
    found: dict[str, list[Figures]] = {name: [] for name in sides}
    for number in range(rounds_count):
        # In another order each round: none always runs on the warmest cache.
        for name in random.Random(number).sample(list(sides), len(sides)):
            figures = asyncio.run(measure(sides[name](), people_count))
            found[name].append(figures)
            console.print(f"round {number + 1}, {name}: {figures.people_per_second:.0f} people/s, "
                          f"{figures.cpu_ms_per_person:.3f} CPU ms per person")  # fmt: skip
    return {name: summary(rounds) for name, rounds in found.items()}


async def _prove(servers: Servers) -> None:
    """Five per cent of the events twice on the floor, a killed process on the chassis: the ends must be right."""
    await measure(FloorSide(servers, full=True, repeated_share=REPEATED_SHARE), PROOF_PEOPLE)
    side = ChassisSide(servers)

    async def kill_payment() -> None:
        while await side.posted() < PROOF_PEOPLE // 2:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.02)
        side.kill("payment")
        side.start_role("payment")

    await measure(side, PROOF_PEOPLE, kill_payment)
    console.print(f"proof: {REPEATED_SHARE:.0%} repeated and a kill -9 in the middle, every count right")
