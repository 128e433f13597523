"""What officers read is Bahasa Indonesia: every refusal and every page text has its translation."""

import importlib
import re
from collections.abc import Iterator
from functools import cache

import pytest
from babel.messages.pofile import read_po

from chassis.errors import Refusal
from tests.architecture.house import ROOT, SERVICES, python_files

PARAMETER = re.compile(r"%\(\w+\)s|\{\w+\}")


@cache
def catalogue(package: str) -> dict[str, str]:
    """Messages of a package with their translations."""
    path = ROOT / package / "locale" / "id.po"
    if not path.exists():
        return {}
    with path.open("rb") as stream:
        return {str(one.id): str(one.string) for one in read_po(stream, locale="id") if one.id}


def refusals() -> Iterator[type[Refusal]]:
    """Every refusal of the chassis and of the services."""
    for path in python_files("chassis", "services"):
        if "class " in path.read_text(encoding="utf-8") and "migration" not in str(path):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        yield (found := waiting.pop())
        waiting += found.__subclasses__()


def test_every_refusal_is_told_in_indonesian() -> None:
    untold = set()
    for refusal in refusals():
        package = "/".join(refusal.__module__.split(".")[:2])
        told = catalogue(package) | catalogue("chassis")
        for words in filter(None, (refusal.title, refusal.detail)):
            if not told.get(words) and refusal.__module__.startswith(("chassis.", "services.")):
                untold.add(f"{refusal.__module__}.{refusal.__name__}: {words}")
    assert not untold


def test_every_refusal_has_words_and_a_name_of_its_own() -> None:
    ours = {refusal for refusal in refusals() if refusal.__module__.startswith(("chassis", "services"))}
    assert not {r for r in ours if "title" not in vars(r) or not r.title or r.title.endswith(".")}


@pytest.mark.parametrize("package", ["chassis", *(f"services/{name}" for name in SERVICES)])
def test_translations_are_complete_and_keep_their_parameters(package: str) -> None:
    for text, words in catalogue(package).items():
        assert words, f"{package}: {text}"
        assert sorted(PARAMETER.findall(text)) == sorted(PARAMETER.findall(words)), f"{package}: {text}"


@pytest.mark.parametrize("name", SERVICES)
def test_pages_say_nothing_that_is_not_translated(name: str) -> None:
    told = catalogue(f"services/{name}") | catalogue("chassis")
    for page in (ROOT / "services" / name).glob("templates/*.html"):
        texts = re.findall(r"""_\(\s*(["'])(.+?)\1""", page.read_text(encoding="utf-8"))
        assert not [text for _, text in texts if text not in told], page.name
