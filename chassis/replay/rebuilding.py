"""The replay itself: read from the beginning, catch up, hold the live consumer for a moment, compare, switch."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import ConsumerRecord
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import sqlstate_of
from chassis.processing import Processor
from chassis.replay.comparing import Comparison
from chassis.replay.generations import Generations, Held, NotHeld, ReplayRefused
from chassis.service import Service
from chassis.transaction import EffectOfProjection

CATCH_UP_SECONDS = 5
"""How long the live consumer waits while the last records are read; then it goes on, and the replay tries again."""
COMPARE_SECONDS = 45
"""And until totals are counted, that included: less than the minute after which it would count as stalled."""
ATTEMPTS = 10
SILENCE_SECONDS = 60
"""Nothing came although more was there: what was asked is not there any more."""

_QUERY_CANCELED = "57014"
_EFFECTS = text("SELECT DISTINCT type FROM parked_message WHERE consumer = :consumer AND reason = :reason")


class ReplayFailed(Exception):
    """The replay cannot come to its end; the live generation is as it was."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many events were read, of how many as far as is known."""

    read: int
    total: int


class Source(Protocol):
    """Where the events of a replay come from."""

    log_identity: str

    @property
    def offsets_of_live(self) -> bool:
        """Whether the rebuilt generation goes on at the live one's offsets rather than at its own."""

    async def open(self, generations: Generations) -> int:
        """Begin; returns how many events there are."""

    async def next(self, *, held: bool) -> Sequence[ConsumerRecord[Any, Any]] | None:
        """The next events in the order of each key; None when there are none, empty to ask again.

        `held`: the live consumer stands still, and only what it has heard is wanted.
        """

    async def settle(self) -> None:
        """Wait for the live consumer where it may be behind what was read."""

    async def close(self) -> None:
        """End."""


class Replay:
    """One replay of a service's projection; the service itself may go on meanwhile."""

    def __init__(
        self, service: Service, generations: Generations, source: Source, progress: Callable[[Progress], None],
    ) -> None:  # fmt: skip
        self._service = service
        self._generations = generations
        self._source = source
        self._progress = progress
        self._read = self._total = 0
        self._processor: Processor | None = None

    async def rebuild(self) -> None:
        """Build the generation beside the live one, up to where the live one is by now.

        Raises ReplayRefused when it cannot begin, ReplayFailed when it cannot come to its end.
        """
        self._total = await self._source.open(self._generations)
        consumer = await self._generations.begin()
        generation = self._generations.projection.in_state("next")
        self._processor = self._service.rebuilding(generation, consumer, self._source.log_identity)
        await self._catch_up(held=False)
        await self._generations.analyze()

    async def switch(self, *, actor: str, accept_differences: bool = False) -> Comparison:
        """Hold the live consumer, read on to exactly where it is, compare, and switch if equal or accepted.

        Raises ReplayFailed when the live consumer cannot be caught up with; it is never held for longer than
        `COMPARE_SECONDS` at a time.
        """
        for _ in range(ATTEMPTS):
            await self._catch_up(held=False)
            await self._source.settle()
            with suppress(NotHeld):
                async with self._generations.held(COMPARE_SECONDS) as held:
                    await self._catch_up(held=True)
                    return await self._compare_and_switch(held, actor, accept_differences)
        raise ReplayFailed(f"The live consumer was faster {ATTEMPTS} times; try again when less happens")

    async def _compare_and_switch(self, held: Held, actor: str, accept_differences: bool) -> Comparison:
        try:
            comparison = await held.compare()
            if comparison.equal or accept_differences:
                await held.switch(actor=actor, equal=comparison.equal, offsets_of_live=self._source.offsets_of_live)
        except DBAPIError as error:
            if sqlstate_of(error) != _QUERY_CANCELED:
                raise
            raise ReplayFailed(f"Totals and switch took longer than {COMPARE_SECONDS} s") from error
        return comparison

    async def _catch_up(self, *, held: bool) -> None:
        """Read until there is no more; NotHeld when that takes too long while the live consumer waits."""
        assert self._processor is not None
        deadline = time.monotonic() + (CATCH_UP_SECONDS if held else SILENCE_SECONDS)
        while (records := await self._source.next(held=held)) is not None:
            if records:
                await self._process(records)
                if not held:
                    deadline = time.monotonic() + SILENCE_SECONDS
            if time.monotonic() > deadline:
                if held:
                    raise NotHeld
                raise ReplayFailed(f"Nothing came for {SILENCE_SECONDS} s although there must be more")

    async def _process(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        assert self._processor is not None
        try:
            await self._processor.process(records)
        except Exception as error:
            raise ReplayFailed(f"The rebuilt generation takes nothing more: {error}") from error
        self._read += len(records)
        self._total = max(self._total, self._read)
        self._progress(Progress(self._read, self._total))
        parameters = {"consumer": self._processor.consumer, "reason": EffectOfProjection.__name__}
        if found := await self._generations.fetch_all(_EFFECTS, parameters):
            raise ReplayFailed(f"A handler has effects beside the projection: {', '.join(row[0] for row in found)}")

    async def close(self) -> None:
        """Close connections; an unfinished generation stays, to be looked at, until the next replay."""
        await self._source.close()
        if self._processor is not None:
            await self._processor.database.close()


async def switch_back(generations: Generations, *, actor: str) -> None:
    """Make the generation before the live one again. Raises ReplayRefused when there is none, or none that fits.

    The live consumer then reads what that generation has not heard.
    """
    try:
        async with generations.held(COMPARE_SECONDS) as held:
            await held.back(actor=actor)
    except NotHeld as error:
        raise ReplayRefused("The live consumer is in the middle of a batch; try again") from error
