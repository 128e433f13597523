"""Is the harness honest? Guards taken out one at a time in a copy of the checkout: each time the named test turns red.

Every mutation names the exact text it takes out, which must be there exactly once: a guard that moves takes its
mutation along, or this fails.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from deploy.local.home import CHECKOUT

COPIED = ("chassis", "cli", "contracts", "demo", "deploy", "partners", "services", "simulators", "tests")
TIMEOUT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Mutation:
    """A guard taken out: in `file`, `guard` is replaced by `without`; then every one of `tests` must turn red."""

    name: str
    file: str
    guard: str
    without: str
    tests: tuple[str, ...]
    shows: str | tuple[str, ...]
    """What the failure must speak of, or one of what: red for another reason proves nothing."""

    def is_shown_in(self, told: str) -> bool:
        """Whether the failure speaks of it."""
        return any(each in told for each in ((self.shows,) if isinstance(self.shows, str) else self.shows))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test ended: `passed`, `failed` (in its own body) or `broken` (before it, such as in an import)."""

    kind: str
    told: str


class DishonestHarness(AssertionError):
    """A mutation cannot be applied: its guard is not where the table says."""


def copy_of_the_checkout(folder: Path) -> Path:
    """A copy of what the tests run on, without data, caches or history."""
    for name in COPIED:
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "Makefile", "README.md"):
        shutil.copy(CHECKOUT / name, folder / name)
    return folder


def take_out(mutation: Mutation, checkout: Path) -> str:
    """Apply the mutation; returns the file's text as it was. Raises DishonestHarness if the guard is not there once."""
    path = checkout / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.guard) != 1:
        raise DishonestHarness(f"{mutation.name}: {mutation.file} has the guard {text.count(mutation.guard)} times")
    path.write_text(text.replace(mutation.guard, mutation.without), encoding="utf-8")
    return text


def outcomes(checkout: Path, tests: tuple[str, ...]) -> dict[str, Outcome]:
    """Run the tests of that checkout with this interpreter; how each ended, by name."""
    report = checkout / "report.xml"
    report.unlink(missing_ok=True)
    # -B: two versions of a file within one second must not share a cached bytecode.
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
    if not report.exists():
        raise DishonestHarness(f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - written by pytest a moment ago
    found = {f"{_file(case)}::{case.get('name')}": _outcome(case) for case in cases}
    missing = set(tests) - set(found)
    return found | {name: Outcome("broken", f"did not run: {done.stdout[-2000:]}") for name in missing}


def _file(case: ElementTree.Element) -> str:
    return case.get("classname", "").replace(".", "/") + ".py"


def _outcome(case: ElementTree.Element) -> Outcome:
    failure = case.find("failure")
    if failure is not None:
        return Outcome("failed", f"{failure.get('message')}\n{failure.text}")
    return Outcome("passed", "") if len(case) == 0 else Outcome("broken", str(case[0].get("message")))
