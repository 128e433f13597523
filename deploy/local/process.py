"""One child process of the stack: started with a log and a record, watched, and ended in order."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import records
from deploy.local.errors import StackError
from deploy.local.home import Home

LOG_LIMIT_BYTES = 20_000_000
LOG_LOOK_SECONDS = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Command:
    """What to run. `user` is a (uid, gid) pair to run as, only possible for root."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    user: tuple[int, int] | None = None
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass
class Child:
    """A child process in a session of its own, so that a Ctrl-C reaches the supervisor only.

    Its standard input is a pipe that closes when this process ends, however it ends.
    """

    command: Command
    home: Home
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """The file that takes the child's output."""
        return self.home.logs / f"{self.command.name}.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self) -> None:
        """Start the process and record it. Raises StackError when it cannot be executed."""
        self._rotate_log()
        uid, gid = self.command.user or (None, None)
        with self.log.open("ab") as log:
            try:
                self.process = subprocess.Popen(  # noqa: S603 - a fixed command line, no shell
                    list(self.command.argv),
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(self.command.environment),
                    cwd=self.command.folder,
                    start_new_session=True,
                    user=uid,
                    group=gid,
                    extra_groups=[] if gid is not None else None,
                )
            except OSError as error:
                raise StackError(f"{self.command.name} cannot be started: {error}") from error
        records.write(self.home, self.command.name, self.process.pid, self.command.stop_signal)

    def wait_until(self, ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Block until `ready()`. Raises StackError with the log's end if the process dies or is too slow."""
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            if self.process is None or self.process.poll() is not None:
                code = self.process.returncode if self.process else "none"
                records.forget(self.home, self.command.name)
                raise StackError(f"{self.command.name} stopped while starting (exit code {code})", self.tail())
            if time.monotonic() > deadline:
                raise StackError(f"{self.command.name} was not ready after {timeout_seconds:.0f} s", self.tail())
            time.sleep(POLL_SECONDS)

    def stop(self, timeout_seconds: float = 15) -> None:
        """Ask the process to end, wait, and kill its whole group if it does not."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.command.stop_signal)
            try:
                self.process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._close_pipe()
        records.forget(self.home, self.command.name)

    def kill(self) -> None:
        """End the process as a power cut would; its record stays, as after a real one."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._close_pipe()

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _close_pipe(self) -> None:
        if self.process and self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()

    def _rotate_log(self) -> None:
        self._close_pipe()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))


def keep_logs_short(home: Home, stopping: threading.Event, look_seconds: float = LOG_LOOK_SECONDS) -> None:
    """Until `stopping` is set: whenever a running process has written too much, keep that aside and empty its log.

    The processes append, so that they go on at the beginning. Lines written within that moment are lost.
    """
    while not stopping.wait(look_seconds):
        for log in home.logs.glob("*.log"):
            # A full disk, or a log that is gone by now: the next look comes soon.
            with contextlib.suppress(OSError):
                if log.stat().st_size > LOG_LIMIT_BYTES:
                    shutil.copyfile(log, log.with_suffix(".log.1"))
                    os.truncate(log, 0)
