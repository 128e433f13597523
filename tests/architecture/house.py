"""The house as these tests see it: its services, its files, its syntax trees."""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from contracts.tooling.parties import SERVICES as PARTIES

ROOT = Path(__file__).resolve().parents[2]
SERVICES = tuple(PARTIES)
PUBLISHERS = tuple(name for name in SERVICES if name != "console")
OURS = ("chassis", "contracts", "services", "deploy", "cli", "demo", "partners", "simulators", "benchmarks", "tests")


def python_files(*tops: str) -> list[Path]:
    """All Python files below these folders of the checkout, sorted."""
    return sorted(path for top in tops for path in (ROOT / top).rglob("*.py"))


def place(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file, nested ones included."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imports(path: Path) -> set[str]:
    """Full names of what a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def called(path: Path) -> set[str]:
    """Every name that leads to what a file calls: `told.FactV1.model_validate(…)` has `FactV1` among them."""
    calls = [ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    return {name for call in calls if "(" not in call for name in call.split(".")}


def tables_of(service: str) -> MetaData:
    """The tables a service declares."""
    for module in ("store.tables", "store"):
        try:
            loaded: Any = importlib.import_module(f"services.{service}.{module}")
        except ModuleNotFoundError:
            continue
        if isinstance(found := getattr(loaded, "metadata", None), MetaData):
            return found
    raise AssertionError(f"services/{service} declares no metadata in store.py or store/tables.py")
