"""Records of running processes, by which a killed earlier run's leftovers are known and ended.

A process is the recorded one only if its id *and* its start time agree: ids are used again by the system.
"""

import json
import signal
import time
from pathlib import Path

import psutil

from deploy.local.home import Home, write_json

SERVERS = frozenset({"postgres", "kafka", "zipkin"})
START_TIME_TOLERANCE_SECONDS = 1.0
KILL_TIMEOUT_SECONDS = 5
STOP_TIMEOUT_SECONDS = 35.0
"""For what ends in order: a service gives its requests 15 s and then its loops 15 s; mostly it takes under 3 s."""


def write(home: Home, name: str, pid: int, stop_signal: signal.Signals) -> None:
    """Record a process that this run has started."""
    try:
        started_at = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    home.run.mkdir(parents=True, exist_ok=True)
    record = {
        "name": name,
        "pid": pid,
        "started_at": started_at,
        "folder": str(home.root),
        "stop_signal": int(stop_signal),
    }
    write_json(home.run / f"{name}.json", record)


def forget(home: Home, name: str) -> None:
    """Remove the record of a process that has ended."""
    (home.run / f"{name}.json").unlink(missing_ok=True)


def end_leftovers(home: Home, timeout_seconds: float = STOP_TIMEOUT_SECONDS, spare: str = "") -> list[str]:
    """End every recorded process of this folder that still runs, but the one named `spare`; returns their names.

    Servers are asked after the services, so that a service can finish its last transaction.
    """
    contents = {path: path.read_bytes() for path in sorted(home.run.glob("*.json")) if path.stem != spare}
    found = [entry for path in contents if (entry := _running(path, home))]
    for wave in (False, True):
        processes = [(process, number) for name, process, number in found if (name in SERVERS) is wave]
        for process, number in processes:
            _signal(process, number)
        stubborn = _wait([process for process, _ in processes], timeout_seconds)
        for process in stubborn:
            _signal(process, signal.SIGKILL)
        _wait(stubborn, KILL_TIMEOUT_SECONDS)
    for path, content in contents.items():
        # A newer run may have written a record of the same name meanwhile: that one stays.
        if path.exists() and path.read_bytes() == content:
            path.unlink(missing_ok=True)
    return [name for name, _, _ in found]


def _running(path: Path, home: Home) -> tuple[str, psutil.Process, signal.Signals] | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        process = psutil.Process(record["pid"])
        same_start = abs(process.create_time() - record["started_at"]) < START_TIME_TOLERANCE_SECONDS
    except (ValueError, KeyError, psutil.NoSuchProcess):
        return None
    if not same_start or _has_ended(process) or record["folder"] != str(home.root):
        return None
    return record["name"], process, signal.Signals(record["stop_signal"])


def _wait(processes: list[psutil.Process], timeout_seconds: float) -> list[psutil.Process]:
    """Wait for these processes to end; returns those that have not."""
    deadline = time.monotonic() + timeout_seconds
    while (left := [process for process in processes if not _has_ended(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _has_ended(process: psutil.Process) -> bool:
    """Whether it is gone, or only waits to be reaped: in some containers nobody reaps orphans."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
