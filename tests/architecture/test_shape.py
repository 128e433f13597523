"""Whoever has read one service finds everything in another; files and functions stay small."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import OURS, PUBLISHERS, ROOT, SERVICES, functions, imports, place, python_files, tree

ALWAYS = {"__init__.py", "main.py", "settings.py", "consumers.py", "usecases", "domain", "migrations"}
EITHER: tuple[set[str], ...] = ({"api.py", "api"}, {"store.py", "store"})
SOMETIMES = {"admin.py", "timers.py", "jobs.py", "workers.py", "outgoing.py", "retention.py", "locale", "templates"}
OWN = {
    "registry": {
        "list_file.py": "reads CSV and XLSX into rows",
        "need.py": "which roles see names in clear",
        "views.py": "the answers of several use cases",
        "workbook.py": "reads the cells of an XLSX in bounded memory",
    },
    "disbursement": {
        "names.py": "asks the registry for names to print",
    },
    "notifications": {
        "announcing.py": "the one place that tells what became of a message",
        "clients": "SMS gateway, SMTP server, registry: one adapter each",
        "delivery.py": "which client sends a message",
        "scope.py": "whose lists an officer works with",
    },
    "console": {
        "presenting.py": "an event in readable words",
        "registry.py": "asks the registry for a masked name",
        "session.py": "a browser's sign-in",
        "operations.py": "the operators' page, asked of all services",
    },
}
"""What a service has beyond the common shape, and what for."""

ENVIRONMENT_READERS = ("deploy/", "cli/", "demo/", "partners/", "simulators/", "benchmarks/", "tests/")
OUTSIDE_CALLS = {"httpx", "aiosmtplib", "smtplib", "requests", "urllib.request", "aiokafka", "faststream"}
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


@pytest.mark.parametrize("name", SERVICES)
def test_services_have_the_same_shape(name: str) -> None:
    found = {path.name for path in (ROOT / "services" / name).iterdir()} - {"__pycache__"}
    due = ALWAYS | ({"outgoing.py"} if name in PUBLISHERS else set())
    assert due <= found
    assert all(len(found & either) == 1 for either in EITHER)
    assert found - due - SOMETIMES - set().union(*EITHER) == set(OWN.get(name, {}))


@pytest.mark.parametrize("name", SERVICES)
def test_the_docstring_says_owns_publishes_hears(name: str) -> None:
    told = ast.get_docstring(tree(ROOT / "services" / name / "__init__.py")) or ""
    assert all(word in told for word in ("Owns:", "Publishes:", "Hears:"))
    assert len(told.splitlines()) <= 10


def test_a_use_case_takes_the_transaction_and_never_ends_it() -> None:
    for path in (path for path in python_files("services") if path.parent.name == "usecases"):
        if path.name != "__init__.py":
            starts = [
                f.args.args[0].arg for f in functions(path) if isinstance(f, ast.AsyncFunctionDef) and f.args.args
            ]
            assert "tx" in starts, f"{place(path)} holds no use case"
    for path in python_files("services"):
        ended = {n.attr for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute)} & {"commit", "rollback"}
        assert not ended, f"{place(path)}: only the edge commits"


def test_no_outside_call_inside_a_transaction() -> None:
    for path in python_files("services"):
        if path.parent.name == "usecases" or path.name in {"consumers.py", "jobs.py", "timers.py"}:
            assert not imports(path) & OUTSIDE_CALLS, place(path)
            assert not [one for one in imports(path) if ".clients" in one], place(path)


def test_files_stay_small() -> None:
    lines = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*OURS)}
    assert {name: count for name, count in lines.items() if count > 300 and name not in LONG_FILES} == {}


def length(node: ast.stmt) -> int:
    """Lines of a statement; functions within it count for themselves."""
    inner = [one for one in getattr(node, "body", ()) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return (node.end_lineno or 0) - node.lineno + 1 - sum(length(one) for one in inner)


def test_functions_stay_small() -> None:
    lengths = {
        f"{place(path)}:{function.name}": length(function)
        for path in python_files(*OURS)
        for function in functions(path)
    }
    assert {name: count for name, count in lengths.items() if count > 45 and name not in LONG_FUNCTIONS} == {}


def public_bodies(path: Path) -> list[ast.stmt]:
    """Statements of the module and of its public classes; a protocol's members are told of where they are provided."""
    classes = [node for node in tree(path).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    told = [one for one in classes if "Protocol" not in {ast.unparse(base) for base in one.bases}]
    return [*tree(path).body, *(node for one in told for node in one.body)]


def test_public_things_say_what_they_promise() -> None:
    silent = [
        f"{place(path)}: {node.name}"
        for path in python_files("chassis", "contracts", "services")
        if "migrations" not in path.parts
        for node in public_bodies(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not silent


def test_only_settings_and_starters_read_the_environment() -> None:
    for path in python_files(*OURS):
        names = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)} | imports(path)
        reads = names & {"environ", "getenv", "os.environ", "os.getenv"}
        assert not reads or place(path).startswith(ENVIRONMENT_READERS), place(path)


def test_nobody_imports_what_is_not_theirs() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
