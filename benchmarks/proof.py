"""What each side of a comparison goes through before any figure is told: repeated records and a killed process."""

import asyncio
from typing import Final

from rich.console import Console

from benchmarks.repeating import REPEATED_SHARE, repeated_records
from benchmarks.rounds import WrongEnd, measure
from benchmarks.sides import Side

console = Console(stderr=True)
PROOF_PEOPLE: Final = 10_000
SETTLE_SECONDS: Final = 2.0
"""When nothing was repeated for so long all of it has been heard: consumers ask five times a second."""
ENOUGH: Final = 0.8
"""Each record is repeated by chance: of the share that is wanted, what must have come of it."""


async def prove(name: str, side: Side, people_count: int = PROOF_PEOPLE) -> None:
    """One run that must end right although REPEATED_SHARE of all records come twice and a process is killed.

    Where there are no events only the process is killed. Raises WrongEnd.
    """

    async def disturb() -> None:
        async with repeated_records(side.servers.kafka.bootstrap_servers, side.topics) as repeated:
            while await _paid(side) < people_count // 4:  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(0.02)
            await side.kill_one()
            if await _paid(side) >= people_count:
                raise WrongEnd(f"{name}: killed when all was paid")
            while not await side.is_done(people_count):  # noqa: ASYNC110 - other processes work
                await asyncio.sleep(0.1)
            known = -1
            while len(repeated) > known:
                known = len(repeated)
                await asyncio.sleep(SETTLE_SECONDS)
        if len(repeated) < ENOUGH * REPEATED_SHARE * people_count * len(side.topics):
            raise WrongEnd(f"{name}: only {len(repeated)} records were repeated")
        and_repeated = f", {len(repeated):,} records repeated" if side.topics else ""
        console.print(f"proof of {name}: a kill -9 in the middle{and_repeated}, every count right")

    await measure(side, people_count, disturb)


async def _paid(side: Side) -> int:
    return await side.servers.scalar(side.database("payment"), "SELECT count(*) FROM payment")
