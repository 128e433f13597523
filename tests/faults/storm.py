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
SHORT_FREEZE_SECONDS: Final = 3.0
LONG_FREEZE_SHARE: Final = 0.2
IDLE_LIMIT_SECONDS: Final = 300
"""So long the storm waits for work and for a running victim before it gives up."""
UNMET_SECONDS: Final = 30
"""So long it lies in wait at a place that nobody has come to yet; at one that was met before, a single round."""
_LOOK_SECONDS: Final = 0.05


def services_plan(dice: random.Random, count: int, mean_pause_seconds: float) -> list[Planned]:
    """Kills and freezes of services: a third anywhere, the rest at the four places in turn."""
    plan = []
    for number in range(count):
        place = ANYWHERE if number % 3 == 2 else PLACES[(number - number // 3) % len(PLACES)]
        plan.append(
            Planned(
                victims=dice.sample(VICTIMS[place], len(VICTIMS[place])),
                action=_action(dice, number),
                place=place,
                after_seconds=dice.uniform(0, 2 * mean_pause_seconds),
                frozen_seconds=_frozen_seconds(dice),
            )
        )
    return plan


def _action(dice: random.Random, number: int) -> str:
    """First a round of kills at every place, then a freeze, so that a short storm has all of it too; then either."""
    drawn = dice.choice((KILL, FREEZE))
    first = 2 * len(PLACES)
    return drawn if number > first else KILL if number < first else FREEZE


def _frozen_seconds(dice: random.Random) -> float:
    """Mostly a hiccup, every fifth time long: services that are away half of the time serve nobody to be struck."""
    longest = LONGEST_FREEZE_SECONDS if dice.random() < LONG_FREEZE_SHARE else SHORT_FREEZE_SECONDS
    return dice.uniform(0.5, longest)


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
    overlooked: set[str] = field(default_factory=set)
    """References that the SMS gateway took after a backup and before the end of the database that was then restored."""
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
        if planned.place != ANYWHERE and await self._lie_in_wait(planned):
            return
        victim, pid, busy = await self._first_ready(planned.victims)
        strike(pid, planned.action)
        self._note(planned, Struck(victim, planned.action, ANYWHERE, time.monotonic(), busy), pid)

    async def _lie_in_wait(self, planned: Planned) -> bool:
        """Let the first victim that comes to the place strike itself; False when nobody comes for long enough."""
        deadline = time.monotonic() + UNMET_SECONDS
        while True:
            waiting = list(planned.victims)
            while waiting:
                victim, pid, busy = await self._first_ready(waiting)
                waiting.remove(victim)
                if await strike_at(self.stack.failpoints, victim, planned.action, planned.place):
                    self._note(planned, Struck(victim, planned.action, planned.place, time.monotonic(), busy), pid)
                    return True
            if self.places[planned.place] or time.monotonic() > deadline:
                return False

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
        _, pid, busy = await self._first_ready((victim,))
        return pid, busy

    async def _first_ready(self, victims: Sequence[str]) -> tuple[str, int, str]:
        """The first of them that serves, waiting for one if need be; those that start or are frozen are passed over."""
        deadline = time.monotonic() + IDLE_LIMIT_SECONDS
        while True:
            for victim in victims:
                pid = await self.stack.serving_pid(victim)
                if pid is not None and (busy := self.watch.busy()):
                    return victim, pid, busy
            if time.monotonic() > deadline:
                raise TimeoutError(f"none of {', '.join(victims)} serves, or nothing is in flight")
            await asyncio.sleep(_LOOK_SECONDS)
