"""The stack as commands see it: the one this command starts, or the one that runs already."""

import contextlib
import json
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from cli.output import console, report
from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.options import Options, from_environment
from deploy.local.ports import choose_port
from deploy.local.postgres import Postgres
from deploy.local.stack import Stack, take_lock

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def started_stack(home: Home, options: Options) -> Iterator[Stack]:
    """Start the stack and stop it at the end, also when the start fails or a signal comes."""
    for number in STOP_SIGNALS:
        signal.signal(number, _interrupt)
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True)
    task = bar.add_task("Fetching Kafka and Zipkin")
    stack = Stack(home, options, report, lambda done, total: _show(bar, task, done, total))
    try:
        stack.start()
        yield stack
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if stack.holds_folder:
            console.print("Stopping …")
        stack.stop()
        if stack.holds_folder:
            console.print("Stopped.")


def running_state(home: Home) -> dict[str, Any] | None:
    """Addresses and pids of the stack that runs in this folder, or None."""
    if not home.state_file.exists():
        return None
    try:
        take_lock(home).close()
    except StackError:
        state: dict[str, Any] = json.loads(home.state_file.read_text(encoding="utf-8"))
        return state
    return None


def require_running(home: Home) -> dict[str, Any]:
    """The running stack's addresses. Raises StackError."""
    state = running_state(home)
    if state is None:
        raise StackError(f"No stack runs in {home.root}. Start one with `sinergi up`.")
    return state


@contextlib.contextmanager
def superuser_url(home: Home) -> Iterator[str]:
    """PostgreSQL of this installation: external, running, or started for the length of the command."""
    options = from_environment()
    if options.postgres_url:
        yield options.postgres_url
        return
    if state := running_state(home):
        yield Postgres(home, state["servers"]["postgres"]["port"]).url()
        return
    home.create()
    with take_lock(home):
        server = Postgres(home, choose_port(options.ports["postgres"]))
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


def _show(bar: Progress, task: TaskID, done: int, total: int) -> None:
    if done == 0:
        bar.start()
    bar.update(task, completed=done, total=total)
    if done == total:
        bar.stop()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
