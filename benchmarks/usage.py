"""What processes used: CPU seconds and peak memory, read from the operating system."""

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
    """Proportional memory of each process now, in MB: shared pages are counted once."""
    found = {}
    for name, pid in pids.items():
        try:
            found[name] = psutil.Process(pid).memory_full_info().pss / 1_000_000
        except psutil.NoSuchProcess:
            continue
    return found
