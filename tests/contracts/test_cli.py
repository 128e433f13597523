"""`sinergi contracts check` sees every kind of neglect; `export` writes only what may be written."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.catalogue import CATALOGUE, Entry, Topic
from contracts.envelope import Fact
from contracts.fields import Id
from contracts.tooling.cli import ContractsRefusedError, check, export
from tests.contracts.repository import lower_the_maximum

LISTED = "notifications.message_listed.v1"


class MessageListedV1(Fact):
    """The fact of that name, made anew without what its readers need."""

    event_type = LISTED
    message_id: Id
    person_id: Id


class LeakV1(Fact):
    """Carries what no contract may."""

    event_type = "notifications.leak.v1"
    message_id: Id
    person_id: Id
    phone: str


def with_entry(entry: Entry) -> dict[str, Entry]:
    return {**CATALOGUE, entry.type: entry}


def without(event_type: str) -> dict[str, Entry]:
    return {name: entry for name, entry in CATALOGUE.items() if name != event_type}


def append_a_line(path: Path) -> None:
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")


def test_the_contracts_of_this_repository_are_sound() -> None:
    assert check() == []


def test_a_copy_of_the_committed_files_is_sound(folder: Path) -> None:
    assert check(folder=folder) == []


NEGLECT: dict[str, tuple[Callable[[Path], object], str]] = {
    "schema deleted": (lambda at: (at / "schemas" / f"{LISTED}.json").unlink(), "is missing"),
    "schema edited": (lambda at: append_a_line(at / "schemas" / f"{LISTED}.json"), "differs from the models"),
    "headers deleted": (lambda at: (at / "schemas" / "headers.json").unlink(), "schemas/headers.json: is missing"),
    "schema promised more": (lower_the_maximum, "maximum changed from 10"),
    "schema that is not JSON": (lambda at: (at / "schemas" / f"{LISTED}.json").write_text("{"), "not JSON"),
    "schema of a forgotten version": (
        lambda at: shutil.copy(at / "schemas" / f"{LISTED}.json", at / "schemas" / "notifications.gone.v1.json"),
        "notifications.gone.v1 $: this version was published and may never disappear",
    ),
    "document deleted": (lambda at: (at / "asyncapi.yaml").unlink(), "asyncapi.yaml: is missing"),
    "document edited": (lambda at: append_a_line(at / "asyncapi.yaml"), "asyncapi.yaml: differs"),
    "example deleted": (lambda at: (at / "examples" / f"{LISTED}.json").unlink(), "has no golden example"),
}


@pytest.mark.parametrize("case", NEGLECT)
def test_check_sees_neglect(case: str, folder: Path) -> None:
    spoil, expected = NEGLECT[case]
    spoil(folder)
    assert any(expected in problem for problem in check(folder=folder))


def test_check_sees_an_event_that_nobody_hears(folder: Path) -> None:
    lonely = with_entry(replace(CATALOGUE[LISTED], consumers=()))
    assert check(folder=folder, catalogue=lonely) == [f"{LISTED} $: is heard by nobody."]


def test_check_sees_a_field_outside_the_closed_set(folder: Path) -> None:
    leak = replace(CATALOGUE[LISTED], model=LeakV1)
    assert any(
        problem.startswith("notifications.leak.v1 $.phone: ") for problem in check(None, folder, with_entry(leak))
    )


def test_export_writes_what_check_accepts(tmp_path: Path, folder: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    export(fresh)
    shutil.copytree(folder / "examples", fresh / "examples")
    assert check(folder=fresh) == []
    assert (fresh / "schemas" / f"{LISTED}.json").read_bytes() == (folder / "schemas" / f"{LISTED}.json").read_bytes()


def test_export_leaves_the_examples_alone(folder: Path) -> None:
    example = folder / "examples" / f"{LISTED}.json"
    example.write_text("mine", "utf-8")
    (folder / "examples" / "training.enrolled.v1.json").unlink()
    export(folder)
    assert example.read_text("utf-8") == "mine"
    assert not (folder / "examples" / "training.enrolled.v1.json").exists()


REFUSED: dict[str, tuple[dict[str, Entry], str]] = {
    "version gone": (without(LISTED), "may never disappear"),
    "fields gone": (with_entry(replace(CATALOGUE[LISTED], model=MessageListedV1)), "removed although required"),
    "other key": (with_entry(replace(CATALOGUE[LISTED], key="message_id")), "x-key changed"),
    "leak": (with_entry(replace(CATALOGUE[LISTED], model=LeakV1)), "identifying data"),
    "nobody hears": (with_entry(replace(CATALOGUE[LISTED], consumers=())), "heard by nobody"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_export_refuses_with_the_reason_and_writes_nothing(case: str, folder: Path) -> None:
    catalogue, reason = REFUSED[case]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(ContractsRefusedError) as refused:
        export(folder, catalogue)
    assert any(reason in problem for problem in refused.value.problems)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


TOPIC = CATALOGUE[LISTED].topic


@pytest.mark.parametrize(
    ("topic", "keyword"),
    [(replace(TOPIC, partitions=24), "x-partitions"), (replace(TOPIC, retention_ms=1000), "x-retention-ms")],
)
def test_a_topic_keeps_its_partitions_and_its_retention(folder: Path, topic: Topic, keyword: str) -> None:
    moved = {
        name: replace(entry, topic=topic) if entry.topic.name == topic.name else entry
        for name, entry in CATALOGUE.items()
    }
    assert any(f"{LISTED} $: {keyword} changed" in problem for problem in check(folder=folder, catalogue=moved))
