"""Waiting until what was under way at the last fault is done, and until nothing is under way any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import asyncpg
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from tests.faults.running import SERVICES, FaultStack
from tests.faults.watching import OFFSETS, OUTAGE, ends_of, undone, unread

PAUSE_SECONDS: Final = 0.5

_OWED: Final = """
    SELECT (SELECT coalesce(max(position), 0) FROM outbox) AS position,
           ARRAY(SELECT id FROM job WHERE state IN ('queued', 'running')) AS jobs,
           ARRAY(SELECT id FROM timer WHERE state = 'waiting' AND coalesce(retry_at, due_at) <= clock_timestamp())
           AS timers
"""
# While a replaced log waits to be published again, the whole archive is owed.
_LEFT: Final = """
    SELECT (SELECT count(*) FROM outbox WHERE position <= $1
            AND (published_at IS NULL OR EXISTS (SELECT 1 FROM published_log WHERE replaced_by IS NOT NULL))) AS outbox,
           (SELECT count(*) FROM job WHERE id = ANY($2) AND state IN ('queued', 'running')) AS jobs,
           (SELECT count(*) FROM timer WHERE id = ANY($3) AND state = 'waiting') AS timers
"""


class Drained(NamedTuple):
    """After how long it was over, and what was left when the time was up."""

    seconds: float
    left: list[str]


class Owed(NamedTuple):
    """What a service had still to do at one moment: the end of its outbox, and ids."""

    position: int
    jobs: list[Any]
    timers: list[Any]


@dataclass(slots=True)
class Backlog:
    """What is under way at the first look; what people do afterwards is no part of it.

    Each outbox has to be published as far as it went then, every consumer has to read its topics as far as they go when
    that is done, and those jobs and due timers have to be finished. Messages are left out: one that a crash left in
    sending, or whose receipt was lost, is asked for after a wait that is set in tens of seconds and doubles.
    """

    stack: FaultStack
    _owed: dict[str, Owed] = field(default_factory=dict)
    _ends: Mapping[TopicPartition, int] = field(default_factory=dict)
    _log_identity: str = ""

    async def left(self) -> list[str]:
        """What of it is not done yet, in words."""
        try:
            left = {service: await self._left(service) for service in SERVICES}
            if not self._ends and not any(work["outbox"] for work in left.values()):
                self._log_identity, self._ends = await ends_of(self.stack.bootstrap_servers)
            if not self._ends:
                return _in_words(left)
            left = {service: work | await self._unread(service) for service, work in left.items()}
        except (*OUTAGE, KafkaError) as error:
            return [f"a server is away: {type(error).__name__}"]
        return _in_words(left)

    async def _left(self, service: str) -> dict[str, int]:
        connection = await asyncpg.connect(self.stack.database_url(service), timeout=5)
        try:
            if service not in self._owed:
                self._owed[service] = await _owed(connection)
            return dict(await connection.fetchrow(_LEFT, *self._owed[service]) or {})
        finally:
            await connection.close()

    async def _unread(self, service: str) -> dict[str, int]:
        connection = await asyncpg.connect(self.stack.database_url(service), timeout=5)
        try:
            return {"records unread": unread(service, await connection.fetch(OFFSETS), self._log_identity, self._ends)}
        finally:
            await connection.close()


async def cleared(stack: FaultStack, since: float, limit_seconds: float) -> Drained:
    """Wait, while people go on working, until what is under way now is done; counted from `since` (monotonic)."""
    return await _until_nothing(Backlog(stack).left, since, limit_seconds)


async def drained(stack: FaultStack, limit_seconds: float) -> Drained:
    """Wait until no service has anything left to do.

    Nothing is left when every outbox is empty, every consumer has read its topics to the end, no job is open, no due
    timer waits, and no message is queued or waits for its receipt.
    """
    return await _until_nothing(lambda: undone(stack), time.monotonic(), limit_seconds)


async def _until_nothing(ask: Callable[[], Awaitable[list[str]]], since: float, limit_seconds: float) -> Drained:
    while True:
        left = await ask()
        seconds = time.monotonic() - since
        if seconds > limit_seconds:
            return Drained(seconds, left or [f"nothing any more, but only after {seconds:.0f} s"])
        if not left:
            return Drained(seconds, left)
        await asyncio.sleep(PAUSE_SECONDS)


async def _owed(connection: asyncpg.Connection) -> Owed:
    row = await connection.fetchrow(_OWED)
    assert row is not None
    return Owed(row["position"], row["jobs"], row["timers"])


def _in_words(left: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [f"{service}: {count} {what}" for service, work in left.items() for what, count in work.items() if count]
