"""Faults one after the other while work is in flight: what, where and when is chosen by one `random.Random(seed)`."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.faults.injectors import (
    ANYWHERE,
    FREEZE,
    IMMEDIATE_STOP,
    KILL,
    PLACES,
    VICTIMS,
    Planned,
    Struck,
    strike,
    strike_at,
    thaw,
)
from tests.faults.running import FaultStack
from tests.faults.watching import Watch

LONGEST_FREEZE_SECONDS: Final = 12.0
"""Longer than a consumer's session (10 s) now and then, shorter than the supervisor's patience."""
IDLE_LIMIT_SECONDS: Final = 300
"""So long the storm waits for work and for a running victim before it gives up."""
_LOOK_SECONDS: Final = 0.05


def services_plan(dice: random.Random, count: int, mean_pause_seconds: float) -> list[Planned]:
    """Kills and freezes of services: a third anywhere, the rest at the four places in turn."""
    plan = []
    for number in range(count):
        place = ANYWHERE if number % 3 == 2 else PLACES[(number - number // 3) % len(PLACES)]
        plan.append(
            Planned(
                victims=dice.sample(VICTIMS[place], len(VICTIMS[place])),
                # The first round kills at every place, so that each is met also in a short storm.
                action=KILL if number < 2 * len(PLACES) else dice.choice((KILL, FREEZE)),
                place=place,
                after_seconds=dice.uniform(0, 2 * mean_pause_seconds),
                frozen_seconds=dice.uniform(0.5, LONGEST_FREEZE_SECONDS),
            )
        )
    return plan


def server_plan(dice: random.Random, server: str, count: int, mean_pause_seconds: float) -> list[Planned]:
    """Ends of a server: SIGKILL, for PostgreSQL also its immediate stop."""
    actions = (IMMEDIATE_STOP, KILL) if server == "postgres" else (KILL,)
    return [
        Planned((server,), actions[number % len(actions)], after_seconds=dice.uniform(0, 2 * mean_pause_seconds))
        for number in range(count)
    ]


@dataclass(slots=True)
class Storm:
    """Lets the planned faults loose; they overlap, since none waits for the end of the one before."""

    stack: FaultStack
    watch: Watch
    struck: list[Struck] = field(default_factory=list)
    last_at: float = 0
    """When (monotonic) the last fault ended: the signal, or the end of a freeze."""
    _thawing: set[asyncio.Task[None]] = field(default_factory=set)

    async def rage(self, plan: Sequence[Planned]) -> None:
        """All of the plan; returns when the last frozen process goes on."""
        for planned in plan:
            await asyncio.sleep(planned.after_seconds)
            await self._strike(planned)
        await asyncio.gather(*self._thawing)

    @property
    def places(self) -> Counter[str]:
        """How often each place was met."""
        return Counter(struck.place for struck in self.struck)

    async def _strike(self, planned: Planned) -> None:
        for victim in planned.victims if planned.place != ANYWHERE else ():
            pid, busy = await self.ready(victim)
            if await strike_at(self.stack.failpoints, victim, planned.action, planned.place):
                self._note(planned, Struck(victim, planned.action, planned.place, time.monotonic(), busy), pid)
                return
        # Nobody came to the place in time: the first is struck where it is.
        victim = planned.victims[0]
        pid, busy = await self.ready(victim)
        strike(pid, planned.action)
        self._note(planned, Struck(victim, planned.action, ANYWHERE, time.monotonic(), busy), pid)

    def note(self, struck: Struck) -> None:
        """Count a fault that happened."""
        self.last_at = struck.at
        self.struck.append(struck)

    def _note(self, planned: Planned, struck: Struck, pid: int) -> None:
        self.note(struck)
        if planned.action == FREEZE:
            self._thawing.add(asyncio.create_task(self._thaw(pid, planned.frozen_seconds)))

    async def _thaw(self, pid: int, seconds: float) -> None:
        await thaw(pid, seconds)
        self.last_at = time.monotonic()

    async def ready(self, victim: str) -> tuple[int, str]:
        """Wait until the victim serves while work is in flight; its process and that work. Raises TimeoutError."""
        deadline = time.monotonic() + IDLE_LIMIT_SECONDS
        while True:
            pid, busy = await self.stack.serving_pid(victim), self.watch.busy()
            if pid is not None and busy:
                return pid, busy
            if time.monotonic() > deadline:
                raise TimeoutError(f"{victim} does not serve, or nothing is in flight")
            await asyncio.sleep(_LOOK_SECONDS)
