"""Which parts of `make bench` leave a picture of their rounds, and when."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from benchmarks import parts
from benchmarks.allocation import rounds as allocation_rounds
from benchmarks.imports import rounds as imports_rounds
from benchmarks.peers.targets import CHASSIS
from benchmarks.peers.targets import TARGETS as PEER_TARGETS

SIDES = {
    "chain": ("floor, plain", "floor, full", "chassis, telemetry off", "chassis, telemetry on"),
    "imports": (imports_rounds.SCRIPT, imports_rounds.REGISTRY),
    "allocation": (allocation_rounds.STATEMENTS, allocation_rounds.DISBURSEMENT),
    "peers": (CHASSIS, *PEER_TARGETS),
}


@pytest.mark.parametrize("name", SIDES)
def test_a_full_run_draws_the_spread_of_every_side_and_a_quick_one_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread = {"min": 1.0, "median": 2.0, "max": 3.0}
    summary: dict[str, Any] = {
        "people_per_second": spread,
        "cpu_ms_per_person": spread,
        "rounds": [],
        "load_average": 1.0,
    }
    monkeypatch.setattr(parts, name, lambda *_: dict.fromkeys(SIDES[name], summary))
    monkeypatch.setattr(parts, "started_servers", nullcontext)
    monkeypatch.setattr(parts, "span_sink", nullcontext)
    monkeypatch.setattr(parts, "PICTURES", tmp_path / "pictures")
    assert list(parts.PARTS[name](False))
    assert not parts.PICTURES.exists()
    assert list(parts.PARTS[name](True))
    picture = (parts.PICTURES / f"{name}.svg").read_text()
    assert all(f">{side}<" in picture for side in SIDES[name])
