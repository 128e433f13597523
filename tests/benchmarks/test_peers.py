"""What of the peers can be tested without them: their locks, their environments, their shares and their figures."""

import re
from pathlib import Path
from typing import cast

import pytest

from benchmarks import peer_rounds
from benchmarks.peers import venvs
from benchmarks.peers.sides import shares
from benchmarks.peers.targets import CHASSIS, TARGETS, peer_rows
from benchmarks.peers.venvs import PEERS, folder_of
from benchmarks.rounds import Figures, figures
from benchmarks.servers import Servers
from benchmarks.sides import Side
from deploy.local import bootstrap

PINNED = re.compile(r"^[a-z0-9-]+==\S+( ; .+)? \\$")
HASHED = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


@pytest.mark.parametrize("peer", PEERS)
def test_locks_pin_everything_by_hash_and_name_no_address(peer: str) -> None:
    lock = (folder_of(peer) / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", lock.strip())
    for block in blocks:
        first, *hashes = block.splitlines()
        assert PINNED.match(first), first
        assert hashes
        assert all(HASHED.match(line) for line in hashes), first
    wanted = (folder_of(peer) / "requirements.in").read_text(encoding="utf-8")
    assert set(re.findall(r"^[a-z-]+", wanted, re.MULTILINE)) <= {block.split("==")[0] for block in blocks}


def test_a_venv_is_made_once_for_each_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[str] = []

    def make(command: list[str]) -> None:
        made.append(command[1])
        if command[1] == "venv":
            Path(command[-1]).mkdir(parents=True)

    monkeypatch.setenv("SINERGI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(venvs, "_run", make)
    monkeypatch.setattr(venvs, "folder_of", lambda peer: tmp_path / peer)
    monkeypatch.setattr(bootstrap, "installer", lambda: Path("uv"))
    lock = tmp_path / "dbos" / "requirements.lock"
    lock.parent.mkdir()
    lock.write_text("dbos==1 ")
    first = venvs.python_of("dbos")
    assert venvs.python_of("dbos") == first
    assert made == ["venv", "pip"]
    lock.write_text("dbos==2 ")
    assert venvs.python_of("dbos") != first
    assert made == ["venv", "pip"] * 2


@pytest.mark.parametrize(("people", "parts", "expected"), [(300, 2, [150, 150]), (7, 3, [3, 2, 2]), (1, 2, [1, 0])])
def test_everybody_is_in_one_share(people: int, parts: int, expected: list[int]) -> None:
    assert shares(people, parts) == expected


def test_rows_compare_medians_of_people_per_second() -> None:
    rates = {CHASSIS: 4_000.0, "DBOS, per person": 20.0, "Celery, per person": 40.0, "DBOS, per 500": 8_000.0}
    found = {side: _summary(rate) for side, rate in (rates | {"Django, per 1,000": 2_000.0}).items()}
    rows = peer_rows(found)
    assert [(row["measured"], row["verdict"]) for row in rows] == [
        (200.0, "goal"),
        (100.0, "gate"),
        (0.5, "missed"),
        (2.0, "gate"),
    ]
    assert [row["figure"] for row in rows] == [target.figure for target in TARGETS.values()]
    assert rows[0]["rounds"]["DBOS, per person"] == [20.0]


def test_the_chassis_is_timed_on_as_many_as_the_fastest_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    people: dict[str, set[int]] = {}

    async def measure(side: Side, people_count: int) -> Figures:
        people.setdefault(_name(side), set()).add(people_count)
        return figures(people_count, 1.0, {"python": 1.0}, {"ledger": 1.0})

    async def prove(name: str, side: Side, people_count: int) -> None:
        people.setdefault(_name(side), set()).add(people_count)

    def _name(side: Side) -> str:
        return "DBOS, per 500" if getattr(side, "people_per_workflow", 0) == 500 else type(side).__name__

    monkeypatch.setattr(peer_rounds, "python_of", str)
    monkeypatch.setattr(peer_rounds, "prove", prove)
    monkeypatch.setattr(peer_rounds, "measure_and_drop", measure)
    found = peer_rounds.peers(cast("Servers", None), 1, "")
    assert people["ChassisSide"] == people["DBOS, per 500"] == {50_000}
    assert {row["people_count"] for row in peer_rows(found)} == {50_000}


def _summary(rate: float) -> dict[str, object]:
    return {
        "people_per_second": {"min": rate / 2, "median": rate, "max": rate * 2},
        "rounds": [rate],
        "load_average": 1.0,
    }
