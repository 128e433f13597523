"""Waiting for what happens by itself, always with a bound."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from demo.errors import TookTooLongError

ResultT = TypeVar("ResultT")

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.5


async def until(
    ask: Callable[[], Awaitable[ResultT]],
    good: Callable[[ResultT], bool],
    *,
    what: str,
    timeout_seconds: float = 60,
    seen: Callable[[ResultT], None] = lambda _: None,
) -> ResultT:
    """Ask again and again until the answer is good; `seen` is told every answer. Raises TookTooLongError."""
    loop = asyncio.get_running_loop()
    deadline, pause_seconds = loop.time() + timeout_seconds, FIRST_PAUSE_SECONDS
    while True:
        answer = await ask()
        seen(answer)
        if good(answer):
            return answer
        if loop.time() > deadline:
            raise TookTooLongError(
                f"{what}: not there after {timeout_seconds:g} s; the last answer was {answer!r:.300}"
            )
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, LONGEST_PAUSE_SECONDS)
