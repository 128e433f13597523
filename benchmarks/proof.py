"""What each side of a comparison goes through before any figure is told: repeated records and a killed process."""

import asyncio
from typing import Final

from rich.console import Console

from benchmarks.repeating import repeated_records, require_share, settle
from benchmarks.rounds import WrongEnd, measure_and_drop
from benchmarks.sides import Side

console = Console(stderr=True)
PROOF_PEOPLE: Final = 10_000


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
            await settle(repeated)
        require_share(name, repeated, people_count * len(side.topics))
        and_repeated = f", {len(repeated):,} records repeated" if side.topics else ""
        console.print(f"proof of {name}: a kill -9 in the middle{and_repeated}, every count right")

    await measure_and_drop(side, people_count, disturb)


async def _paid(side: Side) -> int:
    return await side.servers.scalar(side.database("payment"), "SELECT count(*) FROM payment")
