"""The dice choose alike for the same seed, a storm meets every place, and strikes only who works and runs."""

import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from demo.crowd.clerk import Clerk
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from tests.faults import storm as storm_module
from tests.faults.injectors import AFTER_ACK, ANYWHERE, FREEZE, KILL, PLACES, VICTIMS, Planned
from tests.faults.report import Report
from tests.faults.rows import ROWS, lacking
from tests.faults.running import FaultStack, goes_on
from tests.faults.storm import LONGEST_FREEZE_SECONDS, Storm, server_plan, services_plan
from tests.faults.watching import Watch

COUNT = 500
PID = 4711


def test_a_seed_repeats_its_faults() -> None:
    first, again, other = (services_plan(random.Random(seed), COUNT, 1.0) for seed in (7, 7, 8))
    assert first == again != other
    assert server_plan(random.Random(7), "postgres", 4, 1.0) == server_plan(random.Random(7), "postgres", 4, 1.0)


@pytest.mark.parametrize("seed", range(20))
def test_a_short_storm_kills_at_every_place_and_freezes_too(seed: int) -> None:
    plan = services_plan(random.Random(seed), 9, 1.0)
    assert {planned.place for planned in plan[:8]} == {*PLACES, ANYWHERE}
    assert {planned.action for planned in plan[:8]} == {KILL}
    assert plan[8].action == FREEZE


def test_a_long_storm_does_everything_everywhere() -> None:
    plan = services_plan(random.Random(7), COUNT, 1.0)
    met = Counter((planned.place, planned.action, planned.victims[0]) for planned in plan)
    assert set(met) == {
        (place, action, name) for place in VICTIMS for action in (KILL, FREEZE) for name in VICTIMS[place]
    }
    assert all(planned.frozen_seconds <= LONGEST_FREEZE_SECONDS for planned in plan)


class Scene:
    """A storm whose victims come to a place at the `arrives`-th time that somebody is lain in wait for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, arrives: int) -> None:
        self.waits = 0
        self.signals: list[tuple[int, str]] = []
        self.storm = Storm(cast(FaultStack, self), cast(Watch, SimpleNamespace(busy=lambda: "work")))
        self.failpoints = Path()
        self.down: set[str] = set()

        async def strike_at(_folder: Path, _victim: str, _action: str, _place: str) -> bool:
            self.waits += 1
            return self.waits == arrives

        monkeypatch.setattr(storm_module, "strike_at", strike_at)
        monkeypatch.setattr(storm_module, "strike", lambda pid, action: self.signals.append((pid, action)))

    async def serving_pid(self, victim: str) -> int | None:
        """Everybody serves but who is down."""
        return None if victim in self.down else PID

    async def rage(self, *places: str) -> list[str]:
        """Kills at these places; where they struck."""
        await self.storm.rage([Planned(("registry", "training"), KILL, place) for place in places])
        return [struck.place for struck in self.storm.struck]


async def test_a_place_not_met_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, arrives=5)
    assert await scene.rage(AFTER_ACK) == [AFTER_ACK]
    assert scene.signals == []


async def test_a_place_that_was_met_is_not_insisted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, arrives=1)
    assert await scene.rage(AFTER_ACK, AFTER_ACK) == [AFTER_ACK, ANYWHERE]
    assert scene.waits == 3


async def test_a_place_where_nobody_comes_holds_nothing_up_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storm_module, "UNMET_SECONDS", 0)
    scene = Scene(monkeypatch, arrives=0)
    assert await scene.rage(AFTER_ACK) == [ANYWHERE]
    report = Report("kills", 1, struck=scene.storm.struck)
    assert f"nobody struck at {AFTER_ACK}" in lacking(ROWS["kills"], report)
    assert f"no {FREEZE}" in lacking(ROWS["kills"], report)


async def test_who_does_not_serve_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, arrives=0)
    scene.down = {"registry"}
    await scene.rage(ANYWHERE)
    assert [struck.victim for struck in scene.storm.struck] == ["training"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process to be frozen."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_frozen_process_does_not_serve(sleeper: subprocess.Popen[bytes]) -> None:
    assert goes_on(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGSTOP)
    os.waitpid(sleeper.pid, os.WUNTRACED)
    assert not goes_on(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert not goes_on(sleeper.pid)


async def test_a_request_that_acts_is_work_in_flight_and_one_that_reads_is_not(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, clerk.in_flight))
        return httpx.Response(200, json={"id": "1"})

    officer = ("petugas", "petugas")
    clerk = Clerk(Issuer(Home(tmp_path)).mint, {"registry": "http://registry"}, _tokens={officer: "token"})
    await clerk.close()
    clerk._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    await clerk.get(officer, "registry", "/people")
    await clerk.look_up(officer, "registry", "/people/resolve", {})
    await clerk.act("corrected", officer, "registry", "/people/1/corrections", {})
    await clerk.close()
    assert [in_flight for _, in_flight in seen] == [0, 0, 1]
    assert clerk.in_flight == 0


async def test_a_database_that_is_away_has_no_work_in_flight() -> None:
    stack: Any = SimpleNamespace(database_url=lambda _service: "postgresql://nobody@127.0.0.1:1/none")
    watch = Watch(stack, cast(Clerk, SimpleNamespace(in_flight=0)), open_work={"registry": {"outbox": 3}})
    assert watch.busy()
    await watch._look_at("registry")
    assert not watch.busy()
