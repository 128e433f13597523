"""Restarting what crashes or says that it is beyond recovery: soon at first, then with growing pauses."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

WATCH_INTERVAL_SECONDS = 0.2
LIVE_INTERVAL_SECONDS = 5.0
LIVE_FAILURES_LIMIT = 3


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


@runtime_checkable
class SelfReporting(Protocol):
    """A part that can say whether it still works."""

    def is_live(self) -> bool:
        """False when only a restart helps."""


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
    ending: "Future[None] | None" = None
    starting: "Future[None] | None" = None
    check: "Future[bool] | None" = None
    check_at: float = 0
    live_failures_count: int = 0


class Supervisor:
    """Watches parts that have been started once, and starts them again when they end or say that they are done for.

    Whatever goes wrong with one part, of whatever kind, counts as a failed start of that part: it is reported and
    tried again, and the others are watched meanwhile.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        report: Callable[[str, str], None],
        live_interval_seconds: float = LIVE_INTERVAL_SECONDS,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._watched = [_Watched(part, backoff()) for part in parts]
        self._report = report
        self._live_interval_seconds = live_interval_seconds
        self._stopping = threading.Event()
        # Two a part: its last check may hang while it is ended or started.
        self._pool = ThreadPoolExecutor(max(1, 2 * len(parts)), thread_name_prefix="restart")

    def watch(self) -> None:
        """Watch until `stop`."""
        while not self._stopping.wait(WATCH_INTERVAL_SECONDS):
            for watched in self._watched:
                if self._stopping.is_set():
                    return
                try:
                    self._look_at(watched, time.monotonic())
                except Exception as error:  # whatever it is: the other parts still need watching
                    self._say(watched.part.name, _told(error))

    def stop(self) -> None:
        """End the watching; no part is started any more after this returns."""
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait for a restart that was under way; stop the parts first, which ends it."""
        self._pool.shutdown(wait=True)

    def _look_at(self, watched: _Watched, now: float) -> None:
        if watched.ending is not None:
            self._look_at_end(watched)
        elif watched.starting is not None:
            self._look_at_start(watched, now)
        elif watched.restart_at is not None:
            if now >= watched.restart_at:
                watched.starting = self._pool.submit(watched.part.start)
                watched.restart_at = None
        elif watched.part.pid is None:
            self._plan_restart(watched, now, "stopped by itself")
        else:
            self._look_at_check(watched, now)

    def _look_at_end(self, watched: _Watched) -> None:
        if watched.ending is None or not watched.ending.done() or watched.ending.cancelled():
            return
        error = watched.ending.exception()
        watched.ending = None
        if error is not None:
            self._say(watched.part.name, f"could not be ended: {_told(error)}")

    def _look_at_start(self, watched: _Watched, now: float) -> None:
        if watched.starting is None or not watched.starting.done() or watched.starting.cancelled():
            return
        error = watched.starting.exception()
        watched.starting = None
        if error is not None:
            self._plan_restart(watched, now, _told(error))
            return
        watched.check, watched.check_at, watched.live_failures_count = None, 0, 0
        self._say(watched.part.name, "running again")

    def _look_at_check(self, watched: _Watched, now: float) -> None:
        if watched.check is None:
            if isinstance(watched.part, SelfReporting) and now >= watched.check_at:
                watched.check = self._pool.submit(watched.part.is_live)
                watched.check_at = now + self._live_interval_seconds
            return
        if not watched.check.done() or watched.check.cancelled():
            return
        live = watched.check.exception() is None and watched.check.result()
        watched.check = None
        watched.live_failures_count = 0 if live else watched.live_failures_count + 1
        if watched.live_failures_count >= LIVE_FAILURES_LIMIT:
            self._plan_restart(watched, now, f"not live, {LIVE_FAILURES_LIMIT} times in a row")

    def _plan_restart(self, watched: _Watched, now: float, why: str) -> None:
        """End what is left of it (a process, its pipe, its record), which may take long, and start it after a pause."""
        pause = watched.backoff.pause_seconds(now)
        watched.restart_at = now + pause
        watched.live_failures_count = 0
        watched.ending = self._pool.submit(watched.part.stop)
        self._say(watched.part.name, f"{why}; started again in {pause:g} s")

    def _say(self, name: str, what: str) -> None:
        # A report that cannot be given (disk full, terminal gone) ends no watching.
        with contextlib.suppress(Exception):
            self._report(name, what)


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__
