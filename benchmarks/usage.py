"""What processes used: CPU seconds and peak memory, read from the operating system."""

import contextlib
from collections.abc import Iterable, Mapping

import psutil


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes and of all their children, ended ones included."""
    total = 0.0
    for pid in pids:
        try:
            parent = psutil.Process(pid)
            for process in [parent, *parent.children(recursive=True)]:
                times = process.cpu_times()
                total += times.user + times.system
            times = parent.cpu_times()
            total += times.children_user + times.children_system
        except psutil.NoSuchProcess:
            continue
    return total


def memory_mb(pids: Mapping[str, int]) -> dict[str, float]:
    """Proportional memory of each process with all its children now, in MB: shared pages are counted once."""
    found = {}
    for name, pid in pids.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(pid)
            found[name] = sum(map(_own_mb, [parent, *parent.children(recursive=True)]))
    return found


def _own_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 1_000_000
    except psutil.NoSuchProcess:
        return 0.0
