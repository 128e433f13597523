"""The chain on the chassis beside the peers, in interleaved rounds, after all that promise to go on did so."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, Final

from rich.console import Console

from benchmarks.peers.sides import CelerySide, DbosSide, DjangoSide, OutboxSide
from benchmarks.peers.targets import CHASSIS, CHASSIS_PEOPLE
from benchmarks.peers.venvs import PEERS, python_of
from benchmarks.proof import prove
from benchmarks.rounds import Figures, measure_and_drop, summary
from benchmarks.servers import Servers
from benchmarks.sides import ChassisSide, Side
from chassis.settings import ServiceSettings

console = Console(stderr=True)
Make = Callable[[], Side]
NEVER_RUN_AGAIN: Final = frozenset({"Django, per 1,000"})
"""Sides that promise nothing of a process that was killed, so that there is nothing to prove."""


def peers(servers: Servers, rounds_count: int, traces_endpoint: str) -> dict[str, Any]:
    """Rounds of the chassis and of each peer, interleaved, by side. Raises WrongEnd before any figure is told.

    The first call makes the peers' venvs. Raises SetupError when it cannot.
    """
    for peer in PEERS:
        python_of(peer)
    sampling = float(ServiceSettings.model_fields["traces_sample_ratio"].default)
    # A rate is a rate: each side gets as many people as it brings through in some seconds.
    sides: dict[str, tuple[Make, int]] = {
        CHASSIS: (
            lambda: ChassisSide(servers, traces_sample_ratio=sampling, traces_endpoint=traces_endpoint),
            CHASSIS_PEOPLE,
        ),
        "DBOS, per person": (lambda: DbosSide(servers), 300),
        "DBOS, per 500": (lambda: DbosSide(servers, people_per_workflow=500), CHASSIS_PEOPLE),
        "Celery, per person": (lambda: CelerySide(servers), 300),
        "Django, per 1,000": (lambda: DjangoSide(servers), 20_000),
        "faststream-outbox": (lambda: OutboxSide(servers), 2_000),
    }
    for name, (make, people_count) in sides.items():
        if name not in NEVER_RUN_AGAIN:
            asyncio.run(prove(name, make(), people_count))
    found: dict[str, list[Figures]] = {name: [] for name in sides}
    for number in range(rounds_count):
        # In another order each round: none always runs on the warmest cache.
        for name in random.Random(number).sample(list(sides), len(sides)):
            make, people_count = sides[name]
            figures = asyncio.run(measure_and_drop(make(), people_count))
            found[name].append(figures)
            console.print(f"round {number + 1}, {name}, {people_count:,} people: {figures.people_per_second:.0f} "
                          f"people/s, {figures.cpu_ms_per_person:.3f} CPU ms per person")  # fmt: skip
    return {name: summary(rounds) for name, rounds in found.items()}
