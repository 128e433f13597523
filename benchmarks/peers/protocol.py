"""What a peer's program and the benchmark say to each other. The standard library only: every venv must run it."""

import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

AMOUNT_RUPIAH = 5_000_000
_dice = random.Random(os.urandom(8))


def given() -> dict[str, Any]:
    """What this process was told at its start: one JSON object on the command line."""
    return dict(json.loads(sys.argv[1]))


def tell(word: str) -> None:
    """`ready` or `done`, as a line of JSON."""
    os.write(1, json.dumps({"told": word}).encode() + b"\n")


def asked() -> Iterator[int]:
    """The number of people of each line of standard input, until it closes."""
    for line in sys.stdin:
        yield int(line)


def when_input_closes(act: Callable[[], None]) -> None:
    """Call `act` from a thread when standard input has closed: the benchmark has ended, or its process has."""

    def wait() -> None:
        # Not by `sys.stdin`: a process forked meanwhile would inherit its lock, held for ever.
        while os.read(0, 1024):
            pass
        act()

    threading.Thread(target=wait, daemon=True).start()


def new_id() -> str:
    """A UUIDv7, ordered by time as on the other sides, so that no peer pays for scattered indexes."""
    stamp = time.time_ns() // 1_000_000 << 80
    return str(UUID(int=stamp | 0x7 << 76 | _dice.getrandbits(12) << 64 | 0b10 << 62 | _dice.getrandbits(62)))
