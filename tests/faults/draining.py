"""Waiting until nothing is under way any more."""

import asyncio
import time
from typing import Final

from tests.faults.running import FaultStack
from tests.faults.watching import undone

PAUSE_SECONDS: Final = 0.5


async def drained(stack: FaultStack, timeout_seconds: float) -> float:
    """Seconds until no service has anything left to do; raises TimeoutError with what is left.

    Nothing is left when every outbox is empty, every consumer has read its topics to the end, no job is open, no due
    timer waits, and no message is queued or waits for its receipt.
    """
    began = time.monotonic()
    while left := await undone(stack):
        if time.monotonic() - began > timeout_seconds:
            raise TimeoutError(f"not drained after {timeout_seconds:g} s: {'; '.join(left)}")
        await asyncio.sleep(PAUSE_SECONDS)
    return time.monotonic() - began
