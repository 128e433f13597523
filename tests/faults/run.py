"""One run: waves of people while faults strike, then the comparison with the oracle."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.faults.clerk import Clerk
from tests.faults.crowd import Somebody, crowd
from tests.faults.draining import drained
from tests.faults.evidence import gather
from tests.faults.injectors import RESTORED
from tests.faults.judging import Verdict, judge, judge_sent
from tests.faults.mentoring import serve
from tests.faults.oracle import expected
from tests.faults.report import Report
from tests.faults.running import FaultStack
from tests.faults.storm import Storm
from tests.faults.watching import Watch
from tests.faults.wave import Wave

WAVE_SIZE: Final = 1000
AT_ONCE: Final = 2
"""Waves under way at a time: while one waits for facts to travel, another one works."""
SMALLEST_WAVE: Final = 100
_numbers: Final = itertools.count(1)

Faults = Callable[["Run", Storm], Coroutine[Any, Any, None]]


@dataclass
class Run:
    """People are served until there are enough of them and every fault has struck."""

    stack: FaultStack
    row: str
    seed: int
    people_count: int
    drain_limit_seconds: float
    clerk: Clerk = field(init=False)
    waves: list[Wave] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clerk = self.stack.clerk()
        self.dice = random.Random(self.seed)

    async def execute(self, faults: Faults) -> Report:
        """Serve, strike, drain, compare."""
        began = time.monotonic()
        async with Watch(self.stack, self.clerk) as watch:
            storm = Storm(self.stack, watch)
            await self._serve(faults(self, storm))
            served_at = time.monotonic()
            drained_seconds = await drained(self.stack, self.drain_limit_seconds)
        ended = time.monotonic()
        verdict = await self._judge(watch, storm)
        await self.clerk.close()
        return Report(
            row=self.row,
            seed=self.seed,
            people_count=len(self.people()),
            duration_seconds=ended - began,
            served_after_seconds=max(0.0, served_at - storm.last_at) if storm.struck else 0.0,
            drained_seconds=drained_seconds,
            struck=storm.struck,
            repeated_requests=dict(self.clerk.repeated),
            ledger_checks_count=watch.ledger_checks_count,
            acts_count=len(self.clerk.journal.acts),
            verdict=verdict,
        )

    def people(self) -> dict[str, Somebody]:
        """Everybody of this run by id."""
        return {person_id: somebody for wave in self.waves for somebody, person_id in wave.ids.items()}

    async def _serve(self, faults: Coroutine[Any, Any, None]) -> None:
        """Serve everybody, and further small waves until the last fault; what fails in either ends both."""
        sizes = [WAVE_SIZE] * (self.people_count // WAVE_SIZE)
        sizes += [self.people_count % WAVE_SIZE] if self.people_count % WAVE_SIZE else []
        sizes.reverse()
        async with asyncio.TaskGroup() as group:
            raging = group.create_task(faults)

            async def work() -> None:
                while sizes or not raging.done():
                    await serve(self._wave(sizes.pop() if sizes else SMALLEST_WAVE))

            for _ in range(min(AT_ONCE, max(1, len(sizes)))):
                group.create_task(work())

    def _wave(self, size: int) -> Wave:
        number = next_wave_number()
        # People of different waves are never the same, also when several runs share a stack.
        people = crowd(number * WAVE_SIZE, size)
        wave = Wave(self.clerk, f"{self.row}-{number}", people, today())
        self.waves.append(wave)
        return wave

    async def _judge(self, watch: Watch, storm: Storm) -> Verdict:
        wanted = expected(self.clerk.journal)
        found = await gather(self.stack, self.clerk, [wave.programme_id for wave in self.waves])
        verdict = judge(wanted, found)
        restored = any(struck.action == RESTORED for struck in storm.struck)
        judge_sent(self.people(), found, self.stack.home.secret("sms_gateway"), verdict, restored=restored)
        verdict.ledger += watch.violations
        if defects := self.clerk.repeated["500"]:
            verdict.others.append(f"{defects} answers with the status 500")
        return verdict


def next_wave_number() -> int:
    """A number that no other wave of this process has: its people are `crowd(number * WAVE_SIZE, …)`."""
    return next(_numbers)


def today() -> date:
    """The day in the region."""
    return datetime.now(ZoneInfo("Asia/Jakarta")).date()
