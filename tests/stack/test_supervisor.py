"""What crashes is started again, with growing pauses, and not after the stop."""

import threading
import time
from dataclasses import dataclass, field

from deploy.local.errors import StackError
from deploy.local.supervisor import Backoff, Supervisor


@dataclass
class Crashing:
    """A part that runs only after so many starts."""

    failures: int
    name: str = "part"
    pid: int | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.starts.append(time.monotonic())
        if len(self.starts) <= self.failures:
            raise StackError("no luck")
        self.pid = 1

    def stop(self) -> None:
        self.pid = None


def wait_for(condition: threading.Event, seconds: float = 10) -> None:
    assert condition.wait(seconds)


def test_pauses_double_up_to_the_limit_and_begin_anew_after_a_good_while() -> None:
    backoff = Backoff()
    assert [backoff.pause_seconds(second) for second in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.pause_seconds(8 + backoff.healthy_after_seconds) == 0.5


def test_starts_again_until_it_runs() -> None:
    part, running = Crashing(failures=1), threading.Event()
    said: list[str] = []

    def report(name: str, what: str) -> None:
        said.append(what)
        if what == "running again":
            running.set()

    supervisor = Supervisor([part], report)
    thread = threading.Thread(target=supervisor.watch)
    thread.start()
    wait_for(running)
    supervisor.stop()
    thread.join(5)
    assert said == ["stopped by itself; started again in 0.5 s", "no luck; started again in 1 s", "running again"]
    assert part.starts[1] - part.starts[0] >= 1


def test_starts_nothing_after_the_stop() -> None:
    part = Crashing(failures=0)
    supervisor = Supervisor([part], lambda name, what: None)
    supervisor.stop()
    supervisor.watch()
    assert part.starts == []
