"""A process that writes for a year fills no disk."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import process
from deploy.local.home import Home
from deploy.local.process import Child, Command, keep_logs_short

ENDLESS = "while True: print('x' * 1000, flush=True)"


def test_the_log_of_a_running_process_stays_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LOG_LIMIT_BYTES", 1_000_000)
    home, stopping = Home(tmp_path), threading.Event()
    home.create()
    child = Child(Command("endless", [sys.executable, "-c", ENDLESS], {}, tmp_path), home)
    child.start()
    watcher = threading.Thread(target=keep_logs_short, args=(home, stopping, 0.01))
    watcher.start()
    older = child.log.with_suffix(".log.1")
    try:
        _wait_for(older.exists)
        first = older.stat().st_mtime_ns
        _wait_for(lambda: older.stat().st_mtime_ns != first)
    finally:
        child.kill()
        stopping.set()
        watcher.join()
    assert older.read_bytes().startswith(b"x")
    assert not child.log.read_bytes().startswith(b"\0"), "it goes on at the beginning, not behind a hole"


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
