"""What `make bench` keeps of what it measured, also where a part of it fails."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from benchmarks import main
from benchmarks.targets import Target, row

FAST, SMALL = Target("people/s", 10, 20), Target("MB", 400, 250, at_most=True)
Measured = dict[Target, float]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """Reads the rows that were kept."""
    monkeypatch.setenv("SINERGI_HOME", str(tmp_path))

    def read() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads((tmp_path / "bench.json").read_text())["rows"]
        return rows

    return read


def bench(monkeypatch: pytest.MonkeyPatch, parts: dict[str, Measured | None], part: str = "") -> int:
    """Measure these in full; a part of None fails. Gives the exit code."""

    def measuring(measured: Measured | None) -> Callable[[bool], list[dict[str, Any]]]:
        def measure(full: bool) -> list[dict[str, Any]]:
            if measured is None:
                raise RuntimeError("the counts differ")
            return [row(target, value, {}) for target, value in measured.items()]

        return measure

    monkeypatch.setattr(main, "PARTS", {name: measuring(measured) for name, measured in parts.items()})
    try:
        main.main(full=True, part=part)
    except typer.Exit as ended:
        return ended.exit_code
    return 0


Kept = Callable[[], list[dict[str, Any]]]


def test_a_part_that_fails_costs_only_its_own_rows(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(monkeypatch, {"chain": {FAST: 30}, "growth": None, "lists": {SMALL: 200}}) == 1
    assert [(each["part"], each["measured"]) for each in kept()] == [("chain", 30), ("lists", 200)]
    told = capsys.readouterr().out
    assert "the counts differ" in told
    assert "failed, nothing of it is kept: growth" in told


def test_one_part_measured_again_leaves_the_others_as_they_were(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "_commit", lambda: "one")
    assert bench(monkeypatch, {"product": {FAST: 30, SMALL: 200}, "growth": {SMALL: 300}}) == 0
    monkeypatch.setattr(main, "_commit", lambda: "two")
    assert bench(monkeypatch, {"product": {SMALL: 210}, "growth": None}, part="product") == 0
    assert [(each["part"], each["figure"], each["measured"], each["commit"]) for each in kept()] == [
        ("product", FAST.figure, 30, "one"),
        ("product", SMALL.figure, 210, "two"),
        ("growth", SMALL.figure, 300, "one"),
    ]
    assert all(each["measured_at"] for each in kept())


def test_what_is_kept_is_there_before_the_next_part_begins(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def look(full: bool) -> list[dict[str, Any]]:
        seen.append(len(kept()))
        return []

    first = [row(FAST, 30, {})]
    monkeypatch.setattr(main, "PARTS", {"chain": lambda full: first, "lists": look})
    main.main(full=True, part="")
    assert seen == [1]


def test_a_missed_gate_ends_with_an_error(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bench(monkeypatch, {"chain": {FAST: 9}}) == 1
    assert [each["verdict"] for each in kept()] == ["missed"]


def test_the_commit_that_is_measured_is_named_and_whether_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "CHECKOUT", tmp_path)
    assert main._commit() == ""
    (tmp_path / "file").write_text("one")
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    for act in (("init", "-q"), ("add", "file"), (*who, "commit", "-qm", "first")):
        subprocess.run(["git", "-C", str(tmp_path), *act], check=True)
    commit = main._commit()
    assert re.fullmatch("[0-9a-f]{7,40}", commit)
    (tmp_path / "file").write_text("two")
    assert main._commit() == f"{commit}-dirty"
