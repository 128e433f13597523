"""`make faults`: every row in full, one after the other, or the one that ROW names.

The kills have a stack of their own each; the other rows are tests of this folder, run in full with FAULTS=full.
"""

import asyncio
import os
import subprocess
import sys
import time
import traceback
from typing import Annotated

import typer

from deploy.local.home import CHECKOUT, default_home

TESTS = {
    "disorder": ("test_disorder.py",),
    "proxy": ("test_proxy.py", "test_proxy_stack.py"),
    "poison": ("test_poison.py",),
    "partners": ("test_partners.py",),
    "honesty": ("test_honesty.py",),
}
KILLS = ("kills", "broker", "database")
LIMIT_MINUTES = 40
"""Promised for all rows together, on two cores."""


def main(
    row: Annotated[str, typer.Option(help="One row only.")] = "",
    seed: Annotated[str, typer.Option(help="Replay a run.")] = "",
) -> None:
    """Run the rows and say which of them kept the promise, and how long it took."""
    os.environ["FAULTS"] = "full"
    if seed:
        os.environ["FAULTS_SEED"] = seed
    wanted = [row] if row else [*KILLS, *TESTS]
    if unknown := set(wanted) - {*KILLS, *TESTS}:
        raise typer.BadParameter(f"no such row: {', '.join(unknown)}; rows: {', '.join([*KILLS, *TESTS])}")
    began = time.monotonic()
    broken = [name for name in wanted if not _run(name)]
    minutes = (time.monotonic() - began) / 60
    sys.stdout.write(f"rows that kept the promise: {len(wanted) - len(broken)} of {len(wanted)}\n")
    sys.stdout.write(f"minutes: {minutes:.1f}, at most {LIMIT_MINUTES} for all rows\n")
    if broken:
        sys.stdout.write(f"broken: {', '.join(broken)}\n")
    if broken or minutes > LIMIT_MINUTES:
        raise typer.Exit(1)


def _run(name: str) -> bool:
    """Whether the row kept the promise; whatever happens in it, the next one has its turn."""
    began = time.monotonic()
    try:
        return _run_kills(name) if name in KILLS else _run_tests(name)
    except Exception:
        traceback.print_exc()
        return False
    finally:
        sys.stdout.write(f"{name}: {(time.monotonic() - began) / 60:.1f} minutes\n")


def _run_kills(name: str) -> bool:
    from tests.faults.extent import seed_of_run
    from tests.faults.rows import run_row
    from tests.faults.running import running_stack

    seed = seed_of_run()
    with running_stack() as stack:
        report = asyncio.run(run_row(stack, name, seed))
        path = report.write(default_home().root / "faults")
        sys.stdout.write(f"{report.text()}\n  {path}\n")
    return report.kept


def _run_tests(name: str) -> bool:
    argv = [sys.executable, "-m", "pytest", "-s", *(f"tests/faults/{file}" for file in TESTS[name])]
    return subprocess.run(argv, check=False, cwd=CHECKOUT).returncode == 0


if __name__ == "__main__":
    typer.run(main)
