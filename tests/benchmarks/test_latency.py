"""The import beside the handovers: lists that the registry takes, of other people each, for as long as is asked."""

import asyncio
from typing import Any, cast
from unittest.mock import Mock

from benchmarks.product import latency_rounds
from benchmarks.product.serving import Product
from benchmarks.sides import FloorSide
from demo.crowd.people import Somebody, Way
from demo.crowd.wave import Wave

NOBODY = cast("Any", None)


def _product() -> Product:
    return Product(NOBODY, NOBODY, NOBODY)


def test_nobody_is_in_two_programmes_however_large_they_are() -> None:
    product = _product()
    waves = [product.wave(size) for size in (1_000, 20_000, 20_000, 300)]
    people = [somebody for wave in waves for somebody in wave.people]
    assert len(people) == len(set(people)) == 41_300
    assert {somebody.way for somebody in people} == {Way.SERVED}
    assert len({wave.name for wave in waves}) == 4


async def test_list_after_list_is_imported_until_the_last_handover_has_arrived(monkeypatch: Any) -> None:
    lists: list[set[Somebody]] = []
    arrived = asyncio.Event()

    async def import_list(self: Wave) -> None:
        lists.append(set(self.people))
        if len(lists) == 7:
            arrived.set()
        await asyncio.sleep(0)

    monkeypatch.setattr(Wave, "import_list", import_list)
    imported = await latency_rounds._import(_product(), 100_000, arrived)
    assert [len(people) for people in lists] == [20_000] * 7
    assert imported == len(set().union(*lists)) == 140_000


async def test_the_floors_round_begins_settled_and_leaves_nothing_behind(monkeypatch: Any) -> None:
    done: list[str] = []

    class Told(FloorSide):
        async def prepare(self) -> None:
            done.append("prepare")

        async def settle(self) -> None:
            done.append("settle")

        async def start(self) -> None:
            done.append("start")
            self.processes["allocation"] = Mock()

        async def posted(self) -> int:
            return 2

        def stop(self) -> None:
            done.append("stop")

        async def drop(self) -> None:
            done.append("drop")

    async def nothing(*_: Any, **__: Any) -> None:
        pass

    async def pairs(_: Any, __: str, statement: str) -> dict[str, Any]:
        done.append("read")
        found: dict[str, dict[str, Any]] = {
            latency_rounds._ALLOCATED: {"grant": 1},
            latency_rounds._PAID: {"payment": "grant"},
        }
        return found.get(statement, {"payment": 2})

    for name, instead in (("prove", nothing), ("require_end", nothing), ("_pairs", pairs), ("FloorSide", Told)):
        monkeypatch.setattr(latency_rounds, name, instead)
    assert await latency_rounds._floor(NOBODY, 1) == [1000.0]
    assert done == ["prepare", "settle", "start", "stop", *["read"] * 3, "drop"]


async def test_so_many_are_imported_at_least(monkeypatch: Any) -> None:
    async def import_list(self: Wave) -> None:
        pass

    monkeypatch.setattr(Wave, "import_list", import_list)
    arrived = asyncio.Event()
    arrived.set()
    assert await latency_rounds._import(_product(), 50_000, arrived) == 60_000
