"""The oracle of the fault runs knows none of the code whose end it foretells."""

import subprocess
import sys

from tests.architecture.house import OURS, ROOT

ALLOWED = {"tests"}


def test_the_oracle_brings_no_module_of_ours_along() -> None:
    told = "import sys, tests.faults.oracle; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    argv = [sys.executable, "-c", told]
    loaded = subprocess.run(argv, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()
    assert set(loaded) & set(OURS) == ALLOWED
