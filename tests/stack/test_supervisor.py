"""What crashes or says that it is done for is started again, with growing pauses, and not after the stop."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from deploy.local.errors import StackError
from deploy.local.supervisor import LIVE_FAILURES_LIMIT, Backoff, Part, Supervisor


@dataclass
class Crashing:
    """A part that runs only after so many starts."""

    failures: int
    name: str = "part"
    pid: int | None = None
    error: Exception = field(default_factory=lambda: StackError("no luck"))
    starts: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.starts.append(time.monotonic())
        if len(self.starts) <= self.failures:
            raise self.error
        self.pid = 1

    def stop(self) -> None:
        self.stops.append(time.monotonic())
        self.pid = None


@dataclass
class Reporting(Crashing):
    """A running part that says whether it is live: these answers, then always yes."""

    pid: int | None = 1
    answers: list[bool] = field(default_factory=list)
    asked_count: int = 0

    def is_live(self) -> bool:
        self.asked_count += 1
        return self.answers.pop(0) if self.answers else True


@dataclass
class SlowToEnd(Crashing):
    """A part whose end waits for the test."""

    may_end: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        self.may_end.wait(10)
        super().stop()


Said = list[tuple[str, str]]


@contextmanager
def watched(parts: Sequence[Part], report: Callable[[str, str], None] | None = None) -> Iterator[Said]:
    said: Said = []

    def note(name: str, what: str) -> None:
        said.append((name, what))
        if report:
            report(name, what)

    supervisor = Supervisor(parts, note, live_interval_seconds=0.05)
    thread = threading.Thread(target=supervisor.watch)
    thread.start()
    try:
        yield said
        assert thread.is_alive(), "the watching has ended"
    finally:
        supervisor.stop()
        thread.join(5)
        supervisor.join()


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_pauses_double_up_to_the_limit_and_begin_anew_after_a_good_while() -> None:
    backoff = Backoff()
    assert [backoff.pause_seconds(second) for second in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.pause_seconds(8 + backoff.healthy_after_seconds) == 0.5


def test_starts_again_until_it_runs() -> None:
    part = Crashing(failures=1)
    with watched([part]) as said:
        wait_for(lambda: ("part", "running again") in said)
    assert [what for _, what in said] == [
        "stopped by itself; started again in 0.5 s",
        "no luck; started again in 1 s",
        "running again",
    ]
    assert part.starts[1] - part.starts[0] >= 1


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("anything")])
def test_any_error_of_a_start_is_reported_and_tried_again(error: Exception) -> None:
    with watched([Crashing(failures=1, error=error)]) as said:
        wait_for(lambda: ("part", "running again") in said)
    assert said[1][1] == f"{error}; started again in 1 s"


def test_a_report_that_fails_ends_no_watching() -> None:
    def report(name: str, what: str) -> None:
        raise OSError(28, "No space left on device")

    part = Crashing(failures=1)
    with watched([part], report):
        wait_for(lambda: part.pid)


def test_a_part_that_is_slow_to_end_does_not_keep_others_waiting() -> None:
    slow, other = SlowToEnd(failures=0, name="slow"), Crashing(failures=0, name="other")
    with watched([slow, other]) as said:
        wait_for(lambda: ("other", "running again") in said)
        assert not slow.starts
        slow.may_end.set()
        wait_for(lambda: ("slow", "running again") in said)
    assert slow.stops[0] <= slow.starts[0]


def test_a_part_that_says_it_is_not_live_is_ended_and_started_again() -> None:
    part = Reporting(failures=0, answers=[False] * LIVE_FAILURES_LIMIT)
    with watched([part]) as said:
        wait_for(lambda: ("part", "running again") in said)
    assert said[0] == ("part", "not live, 3 times in a row; started again in 0.5 s")
    assert part.stops[0] <= part.starts[0]


def test_a_part_that_is_not_live_now_and_then_is_left_alone() -> None:
    part = Reporting(failures=0, answers=[False, False, True] * 3)
    with watched([part]) as said:
        wait_for(lambda: part.asked_count > 9)
    assert (said, part.stops) == ([], [])


def test_starts_nothing_after_the_stop() -> None:
    part = Crashing(failures=0)
    supervisor = Supervisor([part], lambda name, what: None)
    supervisor.stop()
    supervisor.watch()
    assert part.starts == []
