"""A real service beside what a hand would write for the same tables: interleaved rounds that must agree row by row."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from benchmarks.one_service import OneService
from benchmarks.rounds import Figures, WrongEnd, measure, summary

console = Console(stderr=True)

Make = Callable[[int], OneService]
"""A side for so many people."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A run before all others in which the service is killed; it must end with what the other side writes."""

    service: str
    by_hand: str
    people_count: int
    begun: str
    """A query that counts something once the service is in the middle of its work."""


def compare(sides: Mapping[str, Make], people_count: int, rounds_count: int, proof: Proof) -> dict[str, Any]:
    """Rounds of both sides by side's name. Raises WrongEnd unless all wrote the same, also when killed in between."""
    asyncio.run(_prove(sides, proof))
    found: dict[str, list[Figures]] = {name: [] for name in sides}
    agreed: dict[str, int] = {}
    for number in range(rounds_count):
        # In another order each round: none always runs on the warmest cache.
        for name in random.Random(number).sample(list(sides), len(sides)):
            figures, content = asyncio.run(_round(sides[name](people_count), people_count))
            agreed = agreed or content
            _require_same(name, content, agreed)
            found[name].append(figures)
            console.print(f"round {number + 1}, {name}: {figures.people_per_second:.0f} people/s, "
                          f"{figures.cpu_ms_per_person:.3f} CPU ms per person")  # fmt: skip
    return {name: summary(rounds) for name, rounds in found.items()}


async def _round(side: OneService, people_count: int, kill: Proof | None = None) -> tuple[Figures, dict[str, int]]:
    async def kill_it() -> None:
        assert kill is not None
        while not await side.ask(kill.begun):  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.02)
        side.kill(side.service)
        side.restart_service()

    figures = await measure(side, people_count, kill_it if kill else None)
    content = await side.content()
    await side.drop()
    return figures, content


async def _prove(sides: Mapping[str, Make], proof: Proof) -> None:
    count = proof.people_count
    _, wanted = await _round(sides[proof.by_hand](count), count)
    _, content = await _round(sides[proof.service](count), count, proof)
    _require_same(f"{proof.service}, killed", content, wanted)
    console.print("proof: a kill -9 in the middle, and every table as the other side's")


def _require_same(name: str, content: Mapping[str, int], agreed: Mapping[str, int]) -> None:
    if differing := [table for table in agreed if content[table] != agreed[table]]:
        raise WrongEnd(f"{name} wrote other {', '.join(differing)} than a round before")
