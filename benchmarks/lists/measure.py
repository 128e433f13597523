"""Asks every route of a filled service as three officers would, and tells how long each answer took."""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, Final

import httpx

from benchmarks.lists.asked import Filter, Route
from benchmarks.lists.people import KABUPATEN, Filled, villages
from benchmarks.lists.table import ROUTES
from benchmarks.rounds import WrongEnd
from benchmarks.servers import Servers
from chassis.paging import place_behind, values_of_place
from deploy.local.issuer import Issuer

PAGE: Final = 50
WARM_CALLS: Final = 2
SUSPICIOUS: Final = 2.5
"""Ratio from which on a few calls are not believed."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One way of asking: which route of which service, with which filter, who asks, and which page."""

    service: str
    route: str
    filter: str
    scope: str
    page: str


def scopes() -> dict[str, str]:
    """Regions of the officers who ask, from the widest to the narrowest; the narrow ones lie amid the others."""
    codes = villages()
    village = codes[len(codes) // 2]
    return {"kabupaten": KABUPATEN, "kecamatan": village.rpartition(".")[0], "village": village}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the sizes: a filled service, and who asks it."""

    filled: Filled
    client: httpx.AsyncClient


async def ask_all(sides: Sequence[Filled], calls: int) -> dict[Asking, list[float | None]]:
    """Median time of each answer in milliseconds, by size; None where that size is not asked it, or shows nothing.

    All sizes take turns call by call: whatever else the machine does meanwhile, it does to each of them.
    """
    found: dict[Asking, list[float | None]] = {}
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(filled)) for filled in sides]
        for scope, region in scopes().items():
            for route in ROUTES[sides[0].service.name]:
                asked = [
                    await _askings(Side(filled, client), route, scope, region)
                    for filled, client in zip(sides, clients, strict=True)
                ]
                for asking in asked[-1]:
                    times = await _asked_again_if_slower([each.get(asking) for each in asked], calls)
                    if any(time is not None for time in times):
                        found[asking] = times
    _require_every_route(sides[0].service.name, found)
    return found


def _client(filled: Filled) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=filled.service.app)
    return httpx.AsyncClient(transport=transport, base_url="http://service.bench")


Call = Callable[[], Awaitable[httpx.Response]]


async def _askings(side: Side, route: Route, scope: str, region: str) -> dict[Asking, Call]:
    """Every way in which this side is asked for a route by an officer of the region."""
    subjects = await side.filled.subjects(region)
    headers = {"Authorization": _token(side.filled.servers, route, subjects)}
    askings: dict[Asking, Call] = {}
    for wanted in route.filters:
        named = subjects | {name: subjects[other] for name, other in wanted.instead.items()}
        path = route.path.format_map(named)
        if route.body is None:
            ask = partial(side.client.get, path, headers=headers)
        else:
            ask = partial(_search, side.client, path, route.body, headers=headers)
        for page, call in (await _pages(side.filled, route, wanted, named, ask)).items():
            askings[Asking(side.filled.service.name, route.name, wanted.name, scope, page)] = call
    return askings


async def _search(
    client: httpx.AsyncClient, path: str, body: Mapping[str, str], *, params: Mapping[str, str], headers: dict[str, str]
) -> httpx.Response:
    return await client.post(path, json={**body, **params}, headers=headers)


async def _asked_again_if_slower(calls: Sequence[Call | None], times: int) -> list[float | None]:
    """Median milliseconds of each call; those that seem to miss what is promised are asked many more times.

    A dozen calls are over in the time in which something else on the machine may hold back one side only.
    """
    found = await _take_turns(calls, times)
    small, large = found[0], found[-1]
    if small is not None and large is not None and large > SUSPICIOUS * small:
        return await _take_turns(calls, times * 4)
    return found


async def _take_turns(calls: Sequence[Call | None], times: int) -> list[float | None]:
    """Median milliseconds of each call; None where there is none, or its officer does not see what it names."""
    taken: list[list[float]] = [[] for _ in calls]
    for turn in range(WARM_CALLS + times):
        for call, took in zip(calls, taken, strict=True):
            if call is None:
                continue
            begun = time.perf_counter()
            answer = await call()
            took_ms = (time.perf_counter() - begun) * 1000
            if answer.status_code not in (200, 404):
                raise WrongEnd(f"{answer.request.url}: {answer.status_code} {answer.text[:500]}")
            if answer.status_code == 200 and turn >= WARM_CALLS:
                took.append(took_ms)
    return [statistics.median(took) if took else None for took in taken]


def _token(servers: Servers, route: Route, subjects: Mapping[str, str]) -> str:
    agency = subjects["provider"] if "lembaga-pelatihan" in route.roles else "dinsos"
    return f"Bearer {Issuer(servers.home).mint('officer', route.roles, agency, subjects['region'])}"


async def _pages(
    filled: Filled,
    route: Route,
    wanted: Filter,
    named: Mapping[str, str],
    ask: Callable[..., Awaitable[httpx.Response]],
) -> dict[str, Call]:
    """How to ask for the first page and, where there are more than two, for the one in the middle and the last.

    Raises WrongEnd where a page is not what it is taken for.
    """
    params = {name: value.format_map(named) for name, value in wanted.params.items()}
    calls: dict[str, Call] = {"first": partial(ask, params=params)}
    within, where = route.within.format_map(named), wanted.where.format_map(named)
    place = await _place(filled, route, within, calls["first"])
    if not place:
        return calls
    columns = ", ".join(place)
    rows = await filled.fetch(
        f"SELECT {columns} FROM (SELECT {columns}, row_number() OVER (ORDER BY {route.order}) AS row_place,"  # noqa: S608 - our own table
        f" count(*) OVER () AS size FROM {route.rows} WHERE {within} AND {where}) AS listed"
        f" WHERE size > 2 * {PAGE} AND row_place IN (size / 2, size - {PAGE}) ORDER BY row_place"
    )
    for page, row in zip(("middle", "last"), rows, strict=False):
        after = place_behind(row) if route.is_scoped else str(row[0])
        calls[page] = partial(ask, params=params | {route.after: after})
        await _require_page(page, calls)
    return calls


async def _place(filled: Filled, route: Route, within: str, first: Call) -> Sequence[str]:
    """Columns that say where a page ended; none where there is one page only.

    Of a scoped list those whose values its own `next` names: what is alike in all that it shows is left out.
    """
    if not route.rows or not route.is_scoped:
        return [route.key] if route.rows else []
    following = (await first()).json().get("next")
    if following is None:
        return []
    values = [str(value) for value in values_of_place(following)]
    for columns in combinations(route.order.replace(" DESC", "").split(", "), len(values)):
        same = " AND ".join(f"{column}::text = ${number}" for number, column in enumerate(columns, 1))
        if await filled.fetch(f"SELECT 1 FROM {route.rows} WHERE {within} AND {same} LIMIT 1", *values):  # noqa: S608 - our own table
            return columns
    raise WrongEnd(f"{route.name}: no row at {values}")


async def _require_page(page: str, calls: Mapping[str, Call]) -> None:
    """Raises WrongEnd for an empty page, the first once more, or a last one that others follow.

    What its officer does not see has none.
    """
    answer = await calls[page]()
    if answer.status_code == 404:
        return
    items, following = _shown(answer)
    first, _ = _shown(await calls["first"]())
    if not items or items[0] == first[0] or (page == "last" and following is not None):
        raise WrongEnd(f"{answer.request.url}: not the {page} page: {answer.status_code} {answer.text[:500]}")


def _shown(answer: httpx.Response) -> tuple[list[Any], Any]:
    shown = answer.json() if answer.status_code == 200 else []
    return (shown, None) if isinstance(shown, list) else (shown["items"], shown["next"])


def _require_every_route(service: str, found: Mapping[Asking, object]) -> None:
    missing = {route.name for route in ROUTES[service]} - {asking.route for asking in found}
    if missing:
        raise WrongEnd(f"{service}: nobody was shown {', '.join(sorted(missing))}")
