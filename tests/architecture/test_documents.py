"""Documents say what the code says."""

import re

from contracts.catalogue import CATALOGUE
from tests.architecture.house import ROOT, SERVICES

TEXTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(
    r"`((?:chassis|contracts|services|deploy|cli|demo|partners|simulators|benchmarks|tests|docs)/[\w./-]+)`"
)


def test_the_architecture_lists_the_events_of_the_catalogue() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = re.findall(
        r"^\| `([\w.-]+\.v\d+)` \| `([\w.-]+)` \| `(\w+)` \| `(\w+)` \| ([\w, -]+) \|$", text, re.MULTILINE
    )
    entries = CATALOGUE.values()
    assert told == [(e.type, e.topic.name, e.key, e.subject, ", ".join(e.consumers)) for e in entries]


def test_links_and_named_files_exist() -> None:
    for text in TEXTS:
        words = text.read_text(encoding="utf-8")
        links = [text.parent / link for link in LINK.findall(words) if "://" not in link]
        named = [ROOT / name for name in PATH.findall(words)]
        missing = [str(path) for path in (*links, *named) if not path.exists()]
        assert not missing, f"{text.name}: {missing}"


def test_every_service_has_its_state_diagrams() -> None:
    for name in SERVICES:
        told = [path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "services").glob(f"{name}*.md")]
        assert told, name
        assert name == "console" or any("stateDiagram" in text for text in told), name


def test_decisions_are_numbered_without_gap_and_listed() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert not [name for name in names if name not in index]
