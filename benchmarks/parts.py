"""The parts of `make bench`: what each measures, how much of it in the quick form and in full."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks import targets
from benchmarks.allocation import rounds as allocation_rounds
from benchmarks.allocation.rounds import FULL_PEOPLE, QUICK_PEOPLE, allocation, allocation_rows
from benchmarks.chain_rounds import chain
from benchmarks.imports import rounds as imports_rounds
from benchmarks.imports.rounds import FULL_ROWS, QUICK_ROWS, import_rows, imports
from benchmarks.lists import FULL_SIZES, QUICK_SIZES, list_rows, lists
from benchmarks.lists import rounds as lists_rounds
from benchmarks.peer_rounds import peers
from benchmarks.peers import targets as peers_targets
from benchmarks.peers.targets import peer_rows
from benchmarks.plot import spread_svg
from benchmarks.product import targets as product_targets
from benchmarks.product.chain_rounds import product_chain
from benchmarks.product.growth import growth
from benchmarks.product.latency_rounds import latency
from benchmarks.product.targets import growth_rows, latency_rows, product_rows
from benchmarks.servers import started_servers
from benchmarks.sink import span_sink
from benchmarks.targets import Target, chain_rows
from deploy.local.home import CHECKOUT

Row = dict[str, Any]
ROUNDS: Final = 3
PICTURES: Final = CHECKOUT / "docs" / "performance"


def measure_chain(full: bool) -> list[Row]:
    """The chain on the chassis beside the floor."""
    people_count, rounds_count = (50_000, 5) if full else (10_000, 3)
    with started_servers() as servers, span_sink() as endpoint:
        found = chain(servers, people_count, rounds_count, endpoint)
    if full:
        _draw("chain", f"Chain of {people_count:,} people", "people/s", found)
    return chain_rows(found, people_count)


def measure_product(full: bool) -> Iterator[Row]:
    """The product's own chain, from the list to the mentoring plan; the rows of each size as soon as they are known."""
    found: dict[int, Any] = {}
    for size, figures in product_chain([10_000, 100_000, 1_000_000] if full else [1_000]):
        found = found | {size: figures}
        yield from product_rows(found)


def measure_growth(full: bool) -> list[Row]:
    """The same chain among people who were served before, beside the same among few."""
    return growth_rows(growth(10_000, 1_000_000, ROUNDS) if full else growth(1_000, 100_000, 1))


def measure_latency(full: bool) -> list[Row]:
    """One handover at a time until message and plan exist."""
    handovers_count, bulk_count = (3_000, 100_000) if full else (300, 5_000)
    return latency_rows(latency(handovers_count, bulk_count))


def measure_imports(full: bool) -> list[Row]:
    """A list imported by the registry beside a script by hand."""
    rows_count = FULL_ROWS if full else QUICK_ROWS
    with started_servers() as servers:
        found = imports(servers, rows_count, ROUNDS)
    if full:
        _draw("imports", f"Import of {rows_count:,} rows", "rows/s", found)
    return import_rows(found, rows_count)


def measure_allocation(full: bool) -> list[Row]:
    """Allocation and approval beside one statement for each act."""
    people_count = FULL_PEOPLE if full else QUICK_PEOPLE
    with started_servers() as servers:
        found = allocation(servers, people_count, ROUNDS)
    if full:
        _draw("allocation", f"Allocation and approval of {people_count:,} people", "people/s", found)
    return allocation_rows(found, people_count)


def measure_lists(full: bool) -> list[Row]:
    """Every list, filter and count at two sizes."""
    with started_servers() as servers:
        return list_rows(lists(servers, FULL_SIZES if full else QUICK_SIZES))


def measure_peers(full: bool) -> list[Row]:
    """The chain on the chassis beside what others would build it with."""
    with started_servers() as servers, span_sink() as endpoint:
        found = peers(servers, 5 if full else ROUNDS, endpoint)
    if full:
        _draw("peers", "Chain on the chassis beside the peers", "people/s", found)
    return peer_rows(found)


PARTS: Final[Mapping[str, Callable[[bool], Iterable[Row]]]] = {
    "chain": measure_chain,
    "product": measure_product,
    "growth": measure_growth,
    "latency": measure_latency,
    "imports": measure_imports,
    "allocation": measure_allocation,
    "lists": measure_lists,
    "peers": measure_peers,
}
QUICK: Final = frozenset({"chain"})
"""Those of the quick form, which takes at most five minutes; the others by name, or with all in full."""
TARGETS: Final[Mapping[str, Sequence[Target]]] = {
    "chain": targets.TARGETS,
    "product": product_targets.TARGETS,
    "growth": product_targets.GROWTH_TARGETS,
    "latency": product_targets.LATENCY_TARGETS,
    "imports": imports_rounds.TARGETS,
    "allocation": allocation_rounds.TARGETS,
    "lists": lists_rounds.TARGETS,
    "peers": tuple(peers_targets.TARGETS.values()),
}
"""What each part tells of."""


def _draw(name: str, title: str, unit: str, found: Mapping[str, Any]) -> None:
    spreads = {side: summary["people_per_second"] for side, summary in found.items()}
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{name}.svg").write_text(spread_svg(title, unit, spreads), encoding="utf-8")
