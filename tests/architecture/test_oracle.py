"""The oracle of the fault runs knows none of the code whose end it foretells."""

import subprocess
import sys

from tests.architecture.house import OURS, ROOT

ALLOWED = {"demo", "demo.crowd", "demo.crowd.acts"}
"""Besides tests: what users did, as they remember it."""


def test_the_oracle_brings_no_module_of_ours_along() -> None:
    told = "import sys, tests.faults.oracle; print(*sys.modules)"
    argv = [sys.executable, "-c", told]
    loaded = subprocess.run(argv, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()
    ours = {name for name in loaded if name.partition(".")[0] in OURS}
    assert {name for name in ours if name.partition(".")[0] != "tests"} == ALLOWED
