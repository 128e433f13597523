"""One run: waves of people while faults strike, then the comparison with the oracle."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from demo.crowd.clerk import Clerk, RefusedError
from demo.crowd.mentoring import serve
from demo.crowd.people import Somebody, crowd
from demo.crowd.wave import Wave
from tests.faults.draining import Drained, cleared, drained
from tests.faults.evidence import gather
from tests.faults.judging import Verdict, judge, judge_sent
from tests.faults.oracle import expected
from tests.faults.report import Report
from tests.faults.running import FaultStack
from tests.faults.storm import Storm
from tests.faults.watching import Watch

WAVE_SIZE: Final = 1000
AT_ONCE: Final = 3
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
    _served_at: float = 0

    def __post_init__(self) -> None:
        self.clerk = self.stack.clerk()
        self.dice = random.Random(self.seed)

    async def execute(self, faults: Faults) -> Report:
        """Serve, strike, drain, compare. A run that comes to no end is told as broken off, and not compared."""
        began = time.monotonic()
        report = Report(self.row, self.seed)
        async with Watch(self.stack, self.clerk) as watch:
            storm = Storm(self.stack, watch)
            try:
                backlog = await self._serve(faults(self, storm), storm)
                report.backlog_seconds = backlog.seconds
                report.served_after_seconds = self._served_at - storm.last_at
                end = await drained(self.stack, self.drain_limit_seconds)
                report.drained_seconds = end.seconds
                report.undrained = backlog.left + end.left
                report.verdict = await self._judge(watch, storm)
            except* (TimeoutError, RefusedError, AssertionError) as group:
                report.broken_off = list(_reasons(group))
        report.duration_seconds = time.monotonic() - began
        report.people_count = len(self.people())
        report.struck = storm.struck
        report.repeated_requests = dict(self.clerk.repeated)
        report.ledger_checks_count = watch.ledger_checks_count
        report.acts_count = len(self.clerk.journal.acts)
        looked = {"a look at the ledger": report.ledger_checks_count, "an event": report.verdict.events_count}
        report.lacking = [what for what, count in looked.items() if not count]
        await self.clerk.close()
        return report

    def people(self) -> dict[str, Somebody]:
        """Everybody of this run by id."""
        return {person_id: somebody for wave in self.waves for somebody, person_id in wave.ids.items()}

    async def _serve(self, faults: Coroutine[Any, Any, None], storm: Storm) -> Drained:
        """Serve everybody, and further small waves until the last fault; what fails in either ends both.

        Returns how soon after that fault what was under way then was done, beside the work that went on.
        """
        sizes = [WAVE_SIZE] * (self.people_count // WAVE_SIZE)
        sizes += [self.people_count % WAVE_SIZE] if self.people_count % WAVE_SIZE else []
        sizes.reverse()
        async with asyncio.TaskGroup() as group:
            raging = group.create_task(faults)

            async def clear() -> Drained:
                await raging
                return await cleared(self.stack, storm.last_at, self.drain_limit_seconds)

            clearing = group.create_task(clear())

            async def work() -> None:
                while sizes or not raging.done():
                    await serve(self._wave(sizes.pop() if sizes else SMALLEST_WAVE))
                    self._served_at = time.monotonic()

            for _ in range(min(AT_ONCE, max(1, len(sizes)))):
                group.create_task(work())
        return clearing.result()

    def _wave(self, size: int) -> Wave:
        number = next_wave_number()
        # People of different waves are never the same, also when several runs share a stack.
        people = crowd(number * WAVE_SIZE, size)
        wave = Wave(self.clerk, f"{self.row}-{number}", people, today())
        self.waves.append(wave)
        self.stack.numbers |= {phone for somebody in people for phone in somebody.phones}
        return wave

    async def _judge(self, watch: Watch, storm: Storm) -> Verdict:
        wanted = expected(self.clerk.journal)
        found = await gather(self.stack, self.clerk, [wave.programme_id for wave in self.waves])
        verdict = judge(wanted, found, self.stack.known_keys())
        secret = self.stack.home.secret("sms_gateway")
        judge_sent(self.people(), found, secret, verdict, overlooked=storm.overlooked, elsewhere=self.stack.numbers)
        verdict.ledger += watch.violations
        if defects := self.clerk.repeated["500"]:
            verdict.others.append(f"{defects} answers with the status 500")
        return verdict


def _reasons(group: BaseExceptionGroup[BaseException]) -> Iterator[str]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _reasons(error)
        else:
            yield f"{type(error).__name__}: {error}"


def next_wave_number() -> int:
    """A number that no other wave of this process has: its people are `crowd(number * WAVE_SIZE, …)`."""
    return next(_numbers)


def today() -> date:
    """The day in the region."""
    return datetime.now(ZoneInfo("Asia/Jakarta")).date()
