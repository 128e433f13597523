"""No list and no count is forgotten where its growth is measured: `benchmarks/lists/table.py` names every GET route."""

from typing import Any

from benchmarks.lists.rounds import GIANT, GROWTH, counted, list_rows, missed
from benchmarks.lists.table import CHASSIS, NOT_ASKED, ROUTES
from chassis.service import Service
from tests.architecture.house import SERVICES
from tests.architecture.test_routes import routes_of


def test_every_get_route_is_asked_at_both_sizes_or_told_why_not(service: Service) -> None:
    there = {name for name, _ in routes_of(service)}
    asked = {route.name for route in (*ROUTES[service.name], *CHASSIS)}
    assert asked <= there, "the table asks routes that are gone"
    assert {name for name in there if name.startswith("GET ")} - asked <= NOT_ASKED.keys()


def test_what_is_not_asked_is_there_and_tells_why(service: Service) -> None:
    asked = {route.name for route in ROUTES[service.name]}
    assert not asked & NOT_ASKED.keys(), "asked, and said not to be"
    assert all(NOT_ASKED.values())


def test_the_table_knows_every_service() -> None:
    assert set(ROUTES) == set(SERVICES)


def test_growth_is_judged_where_it_is_noticed_and_a_programme_that_grows_itself_by_what_it_takes() -> None:
    def timing(route: str, small_ms: float, large_ms: float, name: str = "all") -> dict[str, Any]:
        times = {"small_ms": small_ms, "large_ms": large_ms, "ratio": large_ms / small_ms}
        return {"route": route, "filter": name, **times}

    timings = [
        timing("a blink", 1.0, 4.9),
        timing("kept", 5.0, 14.0),
        timing("slower", 2.0, 8.0),
        timing("grows with its programme", 5.0, 500.0, "giant programme"),
    ]
    only_large = [{"route": "one of nobody before", "filter": "giant programme", "large_ms": 1500.0}]
    found = {"sizes": [10_000, 1_000_000], "timings": timings, "only_large": only_large}
    assert [each["route"] for each in counted(found)] == ["kept", "slower"]
    assert [each["route"] for each in missed(found)] == ["slower"]
    rows = [(row["figure"], row["measured"], row["verdict"]) for row in list_rows(found)]
    assert rows == [(GROWTH.figure, 4.0, "missed"), (GIANT.figure, 1500.0, "missed")]
    few = list_rows({**found, "sizes": [2_000, 5_000]})
    assert [row["figure"] for row in few] == [GROWTH.figure], "nobody is in the giant programme"
