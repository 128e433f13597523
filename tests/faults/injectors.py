"""The faults of processes: signals at a random moment, and signals at a named place in the code."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.faults.running import PUBLISHERS, SERVICES

ANYWHERE: Final = "anywhere"
BEFORE_COMMIT, AFTER_COMMIT, AFTER_ACK, AFTER_HANDLER = "before_commit", "after_commit", "after_ack", "after_handler"
PLACES: Final = (BEFORE_COMMIT, AFTER_COMMIT, AFTER_ACK, AFTER_HANDLER)

VICTIMS: Final[dict[str, Sequence[str]]] = {
    ANYWHERE: SERVICES,
    BEFORE_COMMIT: SERVICES,
    AFTER_COMMIT: SERVICES,
    # The console publishes nothing; the registry hears of graduations only, which are few.
    AFTER_ACK: PUBLISHERS,
    AFTER_HANDLER: tuple(name for name in SERVICES if name != "registry"),
}
KILL, FREEZE, IMMEDIATE_STOP = "kill", "freeze", "immediate stop"
DATA_DELETED, RESTORED = "data deleted", "restored from backup"
_SIGNALS: Final = {KILL: signal.SIGKILL, FREEZE: signal.SIGSTOP, IMMEDIATE_STOP: signal.SIGQUIT}

ARMED_SECONDS: Final = 1.5
"""How long one victim's failpoint waits to be reached before the next victim's is armed."""
_LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault as the dice chose it."""

    victims: Sequence[str]
    """A service, `kafka` or `postgres`; at a named place, the services in the order in which they are lain in wait
    for there: not every one passes every place at every moment."""
    action: str
    place: str = ANYWHERE
    after_seconds: float = 0
    """The pause before it."""
    frozen_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that happened. `busy` says what was in flight when it was let loose."""

    victim: str
    action: str
    place: str
    at: float
    busy: str

    @property
    def kind(self) -> str:
        """What the report counts it under."""
        return f"{self.action} of {self.victim}" if self.victim not in SERVICES else f"{self.action} of a service"


def strike(pid: int, action: str) -> None:
    """Signal the process at this very moment."""
    os.kill(pid, _SIGNALS[action])


async def strike_at(folder: Path, victim: str, action: str, place: str) -> bool:
    """Let the service strike itself when it comes to this place; False when it did not in time."""
    file = folder / f"{victim}.json"
    _arm(file, {place: action})
    deadline = time.monotonic() + ARMED_SECONDS
    while time.monotonic() < deadline:
        if not _armed(file):
            return True
        await asyncio.sleep(_LOOK_SECONDS)
    _arm(file, {})
    return False


async def thaw(pid: int, seconds: float) -> None:
    """Let a frozen process go on after a while, unless it was killed meanwhile."""
    try:
        process = psutil.Process(pid)
        await asyncio.sleep(seconds)
        process.send_signal(signal.SIGCONT)
    except psutil.NoSuchProcess:
        return


def _arm(file: Path, points: dict[str, str]) -> None:
    """At once: the service reads the old content or the new, never a part."""
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(points), encoding="utf-8")
    temporary.replace(file)


def _armed(file: Path) -> bool:
    try:
        return bool(json.loads(file.read_text(encoding="utf-8")))
    except ValueError:  # being written by the service, which strikes next
        return True
