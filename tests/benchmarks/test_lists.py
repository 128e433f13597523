"""The lists' part of `make bench` on a few people: it ends, and really asks for the pages it tells of."""

import pytest

from benchmarks.lists import measure, people
from benchmarks.lists.rounds import GIANT, giants, list_rows, lists
from benchmarks.lists.table import ROUTES
from benchmarks.servers import Servers
from deploy.local.home import Home
from deploy.local.kafka import Kafka
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres

SIZES = (2_000, 5_000)
EVERY_PAGE = {"first", "middle", "last"}


@pytest.fixture
def servers(session_home: Home, postgres: Postgres) -> Servers:
    """Kafka is not started: these people are put there and read, and nobody hears of them."""
    return Servers(session_home, postgres, Kafka(session_home, free_port()))


@pytest.mark.parametrize(
    ("service", "scopes", "paged", "of_giant"),
    [
        ("notifications", ("kabupaten", "village"), ("/messages", "/lists"), ("/messages", "/message-counts")),
        (
            "disbursement",
            ("kabupaten",),
            ("/grants", "/basts", "/programmes/{programme_id}/candidates"),
            ("/programmes/{programme_id}", "/programmes/{programme_id}/ledger"),
        ),
    ],
)
def test_every_route_is_asked_at_both_sizes_and_lists_on_every_page(
    service: str,
    scopes: tuple[str, ...],
    paged: tuple[str, ...],
    of_giant: tuple[str, ...],
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    regions = measure.scopes()
    monkeypatch.setattr(measure, "scopes", lambda: {scope: regions[scope] for scope in scopes})
    monkeypatch.setattr(measure, "WARM_CALLS", 0)
    monkeypatch.setattr(people, "GIANT_FROM", SIZES[-1])

    found = lists(servers, SIZES, [service], calls=1)

    assert {timing["route"] for timing in found["timings"]} == {route.name for route in ROUTES[service]}
    timings = found["timings"] + found["only_large"]
    for path in paged:
        assert {each["page"] for each in timings if each["route"] == f"GET {path}"} == EVERY_PAGE, path
    assert {f"GET {path}" for path in of_giant} <= {each["route"] for each in giants(found)}
    assert GIANT.figure in {row["figure"] for row in list_rows(found)}
