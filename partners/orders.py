"""How a sample partner is told what its day brings: one JSON object per line on standard input, one answer per line.

A real partner's day comes from its own staff and system. The process ends when its input closes.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

OrderT = TypeVar("OrderT", bound="Order")


class Order(BaseModel):
    """Base of what a partner can be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    """What became of an order: a count of what was done, or why nothing could be."""

    done_count: int = 0
    problem: str | None = None


class NotYetError(Exception):
    """Something the order needs was not heard within its time."""


async def orders(model: type[OrderT]) -> AsyncIterator[OrderT | None]:
    """The orders from standard input until it closes; None for a line that is not one."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            yield model.model_validate_json(line)
        except ValidationError:
            yield None


async def serve(model: type[OrderT], obey: Callable[[OrderT], Awaitable[int]]) -> None:
    """Obey each order and answer with the count it returns, until standard input closes."""
    answer(Answer())
    async for order in orders(model):
        if order is None:
            answer(Answer(problem="not an order"))
            continue
        try:
            answer(Answer(done_count=await obey(order)))
        except NotYetError as error:
            answer(Answer(problem=str(error)))


def answer(value: Answer) -> None:
    """Write one answer line. The first, before any order, says that the partner is ready."""
    sys.stdout.write(value.model_dump_json() + "\n")
    sys.stdout.flush()


async def until(condition: Callable[[], bool], *, what: str, timeout_seconds: float) -> None:
    """Wait until a condition holds. Raises NotYetError naming `what` was missing."""
    deadline = asyncio.get_running_loop().time() + timeout_seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise NotYetError(what)
        await asyncio.sleep(0.05)
