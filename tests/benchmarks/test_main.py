"""What `make bench` keeps of what it measured, also where a part of it fails."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import typer

from benchmarks import main, parts
from benchmarks.product import chain_rounds
from benchmarks.product.targets import GROWTH, MEMORY
from benchmarks.rounds import Figures, WrongEnd, figures
from benchmarks.targets import TOO_FEW, Target, row

FAST, SMALL = Target("people/s", 10, 20), Target("MB", 400, 250, at_most=True)
AMONG_ALL = Target("MB of all", 400, 250, at_most=True, people_count=1_000_000)
Measured = dict[Target, float]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """Reads the rows that were kept."""
    monkeypatch.setenv("SINERGI_HOME", str(tmp_path))

    def read() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads((tmp_path / "bench.json").read_text())["rows"]
        return rows

    return read


def bench(
    monkeypatch: pytest.MonkeyPatch,
    measured_by_part: dict[str, Measured | None],
    part: str = "",
    *,
    full: bool = True,
    people_count: int = 1_000_000,
) -> int:
    """Measure these; a part of None fails. Gives the exit code."""

    def measuring(measured: Measured | None) -> Callable[[bool], list[dict[str, Any]]]:
        def measure(full: bool) -> list[dict[str, Any]]:
            if measured is None:
                raise RuntimeError("the counts differ")
            return [row(target, value, {}, people_count) for target, value in measured.items()]

        return measure

    monkeypatch.setattr(main, "PARTS", {name: measuring(measured) for name, measured in measured_by_part.items()})
    try:
        main.main(full=full, part=part)
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
    assert "failed, only what the table has of it is kept: growth" in told


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


def test_a_quick_run_leaves_the_rows_of_a_full_one_as_they_were(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bench(monkeypatch, {"product": {AMONG_ALL: 200}, "peers": {FAST: 30}}) == 0
    for megabytes, speed in ((500, 25), (510, 26)):
        quick: dict[str, Measured | None] = {"product": {AMONG_ALL: megabytes}, "peers": {FAST: speed}}
        assert bench(monkeypatch, quick, "product", full=False, people_count=1_000) == 0
        assert bench(monkeypatch, quick, "peers", full=False) == 0
    assert [(each["part"], each["people_count"], each["measured"], each["verdict"]) for each in kept()] == [
        ("product", 1_000_000, 200, "goal"),
        ("peers", 1_000_000, 30, "goal"),
        ("product", 1_000, 510, TOO_FEW),
        ("peers", 1_000_000, 26, "goal"),
    ]


def test_a_row_of_before_that_names_no_size_stays(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = {"part": "product", "full": True} | row(AMONG_ALL, 210, {}, 0)
    del old["people_count"]
    (tmp_path / "bench.json").write_text(json.dumps({"rows": [old]}))
    monkeypatch.setattr(main, "TARGETS", {"product": [AMONG_ALL]})
    assert bench(monkeypatch, {"product": {AMONG_ALL: 200}}, people_count=1_000) == 0
    assert [each["measured"] for each in kept()] == [210, 200]
    assert f"not measured yet: product: {AMONG_ALL.figure}" in capsys.readouterr().out


def test_a_target_that_was_not_measured_at_its_size_is_named(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "TARGETS", {"product": [AMONG_ALL, FAST], "growth": [AMONG_ALL]})
    assert bench(monkeypatch, {"product": None, "growth": None}) == 1
    assert _not_measured_yet(capsys) == [
        "product: MB of all (1,000,000 people)", "product: people/s", "growth: MB of all (1,000,000 people)",
    ]  # fmt: skip
    few = {FAST: 30.0, AMONG_ALL: 200.0}
    assert bench(monkeypatch, {"product": few, "growth": None}, "product", full=False, people_count=1_000) == 0
    assert _not_measured_yet(capsys) == [
        "product: MB of all (1,000,000 people)",
        "growth: MB of all (1,000,000 people)",
    ]
    assert bench(monkeypatch, {"product": few, "growth": None}, "product") == 0
    assert _not_measured_yet(capsys) == ["growth: MB of all (1,000,000 people)"]


def _not_measured_yet(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return re.findall(r"^not measured yet: (.*)$", capsys.readouterr().out, re.MULTILINE)


def test_what_a_part_measured_before_it_failed_is_kept(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    of_each = {"cpu_ms_per_person": 10.0, "memory_mb_by_process": {"registry": 200.0}}

    def product_chain(sizes: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        for size in sizes:
            if size == 1_000_000:
                raise WrongEnd("the million")
            yield size, of_each

    monkeypatch.setattr(parts, "product_chain", product_chain)
    with pytest.raises(typer.Exit):
        main.main(full=True, part="product")
    assert [(each["figure"], each["people_count"]) for each in kept()] == [
        (MEMORY.figure, 10_000),
        (MEMORY.figure, 100_000),
        (GROWTH.figure, 100_000),
    ]


def test_the_product_tells_of_each_size_before_the_next_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    async def measure(running: object, people_count: int) -> Figures:
        if people_count == 100_000:
            raise WrongEnd("the second")
        return figures(people_count, 10.0, {"registry": 1.0}, {"registry": 100.0})

    monkeypatch.setattr(chain_rounds, "started_servers", nullcontext)
    monkeypatch.setattr(chain_rounds, "product", nullcontext)
    monkeypatch.setattr(chain_rounds, "_measure", measure)
    told = chain_rounds.product_chain([10_000, 100_000])
    assert next(told)[0] == 10_000
    with pytest.raises(WrongEnd):
        next(told)


def test_what_is_kept_is_there_before_the_next_part_begins(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def look(full: bool) -> list[dict[str, Any]]:
        seen.append(len(kept()))
        return []

    first = [row(FAST, 30, {}, 10_000)]
    monkeypatch.setattr(main, "PARTS", {"chain": lambda full: first, "lists": look})
    main.main(full=True, part="")
    assert seen == [1]


def test_the_load_of_each_side_is_told_once(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loads = {"load_average": {"floor, full": 2.13, "chassis": 3.0}}
    measured = [row(target, 30, {}, 10_000) | loads for target in (FAST, SMALL)]
    monkeypatch.setattr(main, "PARTS", {"chain": lambda full: measured})
    main.main(full=True, part="")
    told = re.findall(r"^most load average: (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert told == ["chain, floor, full: 2.1", "chain, chassis: 3.0"]


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
