"""Restarting what crashes: soon at first, then with growing pauses."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from deploy.local.errors import StackError

WATCH_INTERVAL_SECONDS = 0.2


class Part(Protocol):
    """A process of the stack."""

    @property
    def name(self) -> str:
        """Name in reports and logs."""

    @property
    def pid(self) -> int | None:
        """Process id, None when it does not run."""

    def start(self) -> None:
        """Start it and wait until it is ready."""

    def stop(self) -> None:
        """End it."""


@dataclass
class Backoff:
    """Pauses before restarts: doubling up to a limit, and back to the first after a good while."""

    first_seconds: float = 0.5
    limit_seconds: float = 30
    healthy_after_seconds: float = 60
    _next_seconds: float = field(default=0, init=False)
    _last_crash: float = field(default=float("-inf"), init=False)

    def pause_seconds(self, now: float) -> float:
        """The pause after a crash at `now` (monotonic seconds)."""
        if now - self._last_crash > self.healthy_after_seconds:
            self._next_seconds = self.first_seconds
        self._last_crash = now
        pause = self._next_seconds
        self._next_seconds = min(pause * 2, self.limit_seconds)
        return pause


@dataclass
class _Watched:
    part: Part
    backoff: Backoff
    restart_at: float | None = None
    starting: "Future[None] | None" = None


class Supervisor:
    """Watches parts that have been started once, and starts them again when they end by themselves."""

    def __init__(self, parts: Sequence[Part], report: Callable[[str, str], None]) -> None:
        self._watched = [_Watched(part, Backoff()) for part in parts]
        self._report = report
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(max(1, len(parts)), thread_name_prefix="restart")

    def watch(self) -> None:
        """Watch until `stop`."""
        while not self._stopping.wait(WATCH_INTERVAL_SECONDS):
            for watched in self._watched:
                self._look_at(watched, time.monotonic())

    def stop(self) -> None:
        """End the watching; no part is started any more after this returns."""
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait for a restart that was under way; stop the parts first, which ends it."""
        self._pool.shutdown(wait=True)

    def _look_at(self, watched: _Watched, now: float) -> None:
        if watched.starting is not None:
            self._look_at_start(watched, now)
        elif watched.restart_at is not None:
            if now >= watched.restart_at and not self._stopping.is_set():
                watched.restart_at = None
                watched.starting = self._pool.submit(watched.part.start)
        elif watched.part.pid is None:
            watched.part.stop()  # frees what the dead process left behind: its pipe and its record
            self._plan_restart(watched, now, "stopped by itself")

    def _look_at_start(self, watched: _Watched, now: float) -> None:
        if watched.starting is None or not watched.starting.done():
            return
        error = watched.starting.exception()
        watched.starting = None
        if error is None:
            self._report(watched.part.name, "running again")
        elif isinstance(error, StackError):
            watched.part.stop()
            self._plan_restart(watched, now, str(error))
        else:
            raise error

    def _plan_restart(self, watched: _Watched, now: float, why: str) -> None:
        pause = watched.backoff.pause_seconds(now)
        watched.restart_at = now + pause
        self._report(watched.part.name, f"{why}; started again in {pause:g} s")
