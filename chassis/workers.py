"""Background work of a process: named loops that are restarted when they fail and watched by the health checks."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chassis.logs import logger

if TYPE_CHECKING:
    from chassis.service import Service

log = logger(__name__)

RECENT_SECONDS = 30
"""A loop that failed within this time is not trusted yet."""

GATHERING_FROM = 16
"""Fewer than this go at once: somebody may be waiting for just them."""
GATHERING_SECONDS = 0.01
"""With 30 ms the parts of a pipeline waited for each other; with none, each batch holds a few (decision 0031)."""
PATIENT_SECONDS = 0.1
"""What only makes a page to be looked at costs a transaction for each event that comes by itself."""
CROWD_FROM = 300
CROWD_REST_SECONDS = 0.15
"""So many at once are a bulk job's: what follows from it rests between batches, or requests wait for a processor."""
PRESENT_SECONDS = 2.0
PRESENT_REQUESTS = 2


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until told to stop."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


async def more_gather(count: int, limit: int, *, patiently: bool = False) -> bool:
    """Wait a moment for more where many came together, but fewer than fit; whether it did.

    One step for all of them costs little more than for a few; what comes alone is not held up, unless `patiently`:
    where a tenth of a second later is as good for everybody.
    """
    waits = (1 if patiently else GATHERING_FROM) <= count < limit
    if waits:
        await asyncio.sleep(PATIENT_SECONDS if patiently else GATHERING_SECONDS)
    return waits


@dataclass(slots=True)
class Presence:
    """Whether this process is being asked to do something: by officers, the gateway, other services.

    Who only reads is not counted: whoever looks how far a job is would hold it up.
    """

    asked_at: deque[float] = field(default_factory=lambda: deque(maxlen=PRESENT_REQUESTS))
    """When (monotonic) the latest such requests came."""

    def note(self) -> None:
        """A request has come that is no reading."""
        self.asked_at.append(time.monotonic())

    @property
    def felt(self) -> bool:
        """Whether PRESENT_REQUESTS came within PRESENT_SECONDS."""
        return len(self.asked_at) == PRESENT_REQUESTS and time.monotonic() - self.asked_at[0] < PRESENT_SECONDS


async def rest_after(count: int, presence: Presence) -> None:
    """After a batch that only a bulk job makes, leave the processors for a moment to those who ask for something."""
    if count >= CROWD_FROM and presence.felt:
        await asyncio.sleep(CROWD_REST_SECONDS)


@dataclass(frozen=True, slots=True)
class Worker:
    """A repeated step outside requests and consumers: the place of outside calls (SMS, bank, mail).

    `step` returns how many it found to do; when fewer than `batch_size`, all that there were, it is called again after
    `idle_seconds`: a step for each that comes by itself would cost nearly as much as one for a whole batch.
    """

    name: str
    step: Callable[["Service"], Awaitable[int]]
    batch_size: int
    idle_seconds: float = 0.5
    at_once: int = 1
    """Steps under way together as long as batches are full: while one waits for the outside, another one works."""

    async def run(self, service: "Service", stopping: asyncio.Event) -> None:
        """Repeat the step until told to stop."""
        while not stopping.is_set():
            if await self.step(service) < self.batch_size:
                await pause(stopping, self.idle_seconds)
            elif self.at_once > 1:
                # One that fails leaves the others to end what they have begun.
                crowd = (self._while_full(service, stopping) for _ in range(self.at_once))
                for error in await asyncio.gather(*crowd, return_exceptions=True):
                    if error is not None:
                        raise error

    async def _while_full(self, service: "Service", stopping: asyncio.Event) -> None:
        while not stopping.is_set() and await self.step(service) >= self.batch_size:
            pass


@dataclass(slots=True)
class Background:
    """One named loop of the process."""

    name: str
    run: Callable[[asyncio.Event], Awaitable[None]]
    failed_at: float | None = field(default=None, init=False)
    task: asyncio.Task[None] | None = field(default=None, init=False)

    def start(self, stopping: asyncio.Event) -> None:
        """Run until told to stop; a failure is logged and the loop starts again with backoff."""
        self.task = asyncio.create_task(self._keep_running(stopping), name=self.name)

    async def _keep_running(self, stopping: asyncio.Event) -> None:
        pause_seconds = 0.2
        while not stopping.is_set():
            started_at = time.monotonic()
            try:
                await self.run(stopping)
                return
            except Exception as error:
                log.error("background_failed", name=self.name, exc_info=error)
            self.failed_at = time.monotonic()
            if self.failed_at - started_at > RECENT_SECONDS:
                pause_seconds = 0.2
            await pause(stopping, pause_seconds)
            pause_seconds = min(pause_seconds * 2, 10)

    def problems(self) -> list[str]:
        """Why this loop cannot be trusted; empty when all is well."""
        if self.task is None or self.task.done():
            return [f"{self.name}_stopped"]
        recently = self.failed_at is not None and time.monotonic() - self.failed_at < RECENT_SECONDS
        return [f"{self.name}_failing"] if recently else []
