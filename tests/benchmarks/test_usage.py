"""What is counted of a process: its children too, whatever they are."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks.usage import memory_mb

# A parent whose child holds 100 MB, which nobody shares.
CHILD = "held = b'x' * 100_000_000; print('held', flush=True); input()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@pytest.fixture
def parent() -> Iterator[int]:
    """Process id of one whose child holds much."""
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.communicate(b"\n")


def test_memory_of_a_process_is_that_of_its_children_too(parent: int) -> None:
    assert 100 < memory_mb({"celery": parent})["celery"] < 200


def test_a_process_that_is_gone_is_not_told_of() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert memory_mb({"gone": gone.pid, "here": os.getpid()}).keys() == {"here"}
