"""What many ask for at the same time, done together: one transaction for all who came while the last one ran."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Together(Generic[ItemT, ResultT]):
    """Calls `work` with the items of all who wait, at most `limit` at a time, one call after the other.

    Whoever comes alone does not wait for others. Each caller gets the result in the place of its item, or the error
    that `work` raised for all of them.
    """

    def __init__(self, work: Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT]]], limit: int) -> None:
        self._work = work
        self._limit = limit
        self._waiting: list[tuple[ItemT, asyncio.Future[ResultT]]] = []
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, item: ItemT) -> ResultT:
        """The result for this item, once it is done."""
        done: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._working is None:
            # In a context of its own: what is done for many is no part of the first one's trace.
            self._working = asyncio.create_task(self._do_all(), context=contextvars.Context())
        return await done

    async def _do_all(self) -> None:
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
                await self._do(taken)
        finally:
            self._working = None

    async def _do(self, taken: Sequence[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        try:
            results = await self._work([item for item, _ in taken])
        except Exception as error:
            _fail(taken, error)
            return
        except BaseException:
            # Cancelled from outside: nobody would ever answer those who wait.
            _fail([*taken, *self._waiting], ConnectionAbortedError("ended while others waited"))
            self._waiting = []
            raise
        for (_, done), result in zip(taken, results, strict=True):
            if not done.done():
                done.set_result(result)


def _fail(waiting: Sequence[tuple[ItemT, asyncio.Future[ResultT]]], error: Exception) -> None:
    for _, done in waiting:
        if not done.done():
            done.set_exception(error)
