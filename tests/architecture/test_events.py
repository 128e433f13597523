"""What is heard is what the catalogue says, what is declared can be published, and only `outgoing.py` speaks."""

import ast
from collections.abc import Callable

import pytest

from chassis.service import Service
from contracts.catalogue import CATALOGUE, heard_by
from contracts.tooling.parties import OUTSIDE
from tests.architecture.house import PUBLISHERS, ROOT, SERVICES, called, place, python_files, tree

MODELS = {entry.model.__name__ for entry in CATALOGUE.values()}


def test_a_service_handles_exactly_what_the_catalogue_lets_it_hear(service: Service) -> None:
    assert set(service.consumers.kinds) == {entry.type for entry in heard_by(service.name)}


def test_every_event_reaches_a_handler_or_goes_outside(compose: Callable[[str], Service]) -> None:
    handled = {kind for name in SERVICES for kind in compose(name).consumers.kinds}
    unheard = {entry.type for entry in CATALOGUE.values() if not set(entry.consumers) & OUTSIDE.keys()} - handled
    assert not unheard


@pytest.mark.parametrize("name", PUBLISHERS)
def test_everything_declared_can_be_published(name: str) -> None:
    path = ROOT / "services" / name / "outgoing.py"
    declared = {entry.model.__name__ for entry in CATALOGUE.values() if entry.owner == name}
    assert declared == called(path) & MODELS


@pytest.mark.parametrize("name", PUBLISHERS)
def test_everything_outgoing_is_used(name: str) -> None:
    folder = ROOT / "services" / name
    offered = {f.name for f in tree(folder / "outgoing.py").body if isinstance(f, ast.FunctionDef)}
    names = [node for path in python_files(f"services/{name}") for node in ast.walk(tree(path))]
    used = {n.attr for n in names if isinstance(n, ast.Attribute)} | {n.id for n in names if isinstance(n, ast.Name)}
    assert not {function for function in offered if not function.startswith("_")} - used


def test_only_outgoing_makes_public_facts() -> None:
    elsewhere = [
        f"{place(path)} makes {sorted(made)}"
        for path in python_files("services")
        if path.name != "outgoing.py" and (made := called(path) & MODELS)
    ]
    assert not elsewhere
