"""What many ask for at the same time is done together; each gets its own result, or the error of all."""

import asyncio
from collections.abc import Sequence

import pytest

from chassis.together import Together


class Work:
    """Doubles numbers; waits until it is let go, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []
        self.go = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.given.append(list(items))
        await self.go.wait()
        if 13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]


async def test_who_comes_while_others_are_served_is_served_together_within_the_limit() -> None:
    work = Work()
    together = Together(work, limit=3)
    first = asyncio.create_task(together(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(together(number)) for number in range(2, 7)]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10, 12]
    assert work.given == [[1], [2, 3, 4], [5, 6]]
    assert await together(7) == 14
    assert work.given[-1] == [7]


async def test_an_error_is_everybodys_of_that_call_and_nobody_elses() -> None:
    work = Work()
    together = Together(work, limit=2)
    asked = [asyncio.create_task(together(number)) for number in (1, 13, 3)]
    await asyncio.sleep(0)
    work.go.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in found[:2]] == [ValueError, ValueError]
    assert found[2] == 6


async def test_who_went_away_leaves_the_others_their_results() -> None:
    work = Work()
    together = Together(work, limit=9)
    gone, stays = asyncio.create_task(together(1)), asyncio.create_task(together(2))
    await asyncio.sleep(0)
    gone.cancel()
    work.go.set()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_who_waits_while_everything_is_ended_is_told_so() -> None:
    work = Work()
    together = Together(work, limit=1)
    asked = [asyncio.create_task(together(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert together._working is not None
    together._working.cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in found] == [ConnectionAbortedError] * 2
