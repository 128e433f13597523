"""How much of a row is run: the smoke part in `make test`, all of it in `make faults`."""

import os
import random
import sys
from typing import Final

FULL: Final = os.environ.get("FAULTS") == "full"


def extent(*, full: int, smoke: int) -> int:
    """The number for this run."""
    return full if FULL else smoke


def seed_of_run() -> int:
    """FAULTS_SEED, or a new one; printed, so that the run can be replayed."""
    given = os.environ.get("FAULTS_SEED", "")
    seed = int(given) if given else random.SystemRandom().randrange(2**32)
    sys.stderr.write(f"faults seed {seed}\n")
    return seed
