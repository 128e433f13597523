"""`make faults`: every row in full, one after the other, or the one that ROW names.

The kills have a stack of their own each; the other rows are tests of this folder, run in full with FAULTS=full.
"""

import asyncio
import os
import subprocess
import sys
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


def main(
    row: Annotated[str, typer.Option(help="One row only.")] = "",
    seed: Annotated[str, typer.Option(help="Replay a run.")] = "",
) -> None:
    """Run the rows and say which of them kept the promise."""
    os.environ["FAULTS"] = "full"
    if seed:
        os.environ["FAULTS_SEED"] = seed
    wanted = [row] if row else [*KILLS, *TESTS]
    if unknown := set(wanted) - {*KILLS, *TESTS}:
        raise typer.BadParameter(f"no such row: {', '.join(unknown)}; rows: {', '.join([*KILLS, *TESTS])}")
    broken = [name for name in wanted if not _run(name)]
    sys.stdout.write(f"rows that kept the promise: {len(wanted) - len(broken)} of {len(wanted)}\n")
    if broken:
        sys.stdout.write(f"broken: {', '.join(broken)}\n")
        raise typer.Exit(1)


def _run(name: str) -> bool:
    return _run_kills(name) if name in KILLS else _run_tests(name)


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
