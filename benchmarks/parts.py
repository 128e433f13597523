"""The parts of `make bench`: what each measures, how much of it in the quick form and in full."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from benchmarks.allocation.rounds import FULL_PEOPLE, QUICK_PEOPLE, allocation, allocation_rows
from benchmarks.chain_rounds import chain
from benchmarks.imports.rounds import FULL_ROWS, QUICK_ROWS, import_rows, imports
from benchmarks.lists import FULL_SIZES, QUICK_SIZES, list_rows, lists
from benchmarks.peer_rounds import peers
from benchmarks.peers.targets import peer_rows
from benchmarks.plot import spread_svg
from benchmarks.product.chain_rounds import product_chain
from benchmarks.product.growth import growth
from benchmarks.product.latency_rounds import latency
from benchmarks.product.targets import growth_rows, latency_rows, product_rows
from benchmarks.servers import started_servers
from benchmarks.sink import span_sink
from benchmarks.targets import chain_rows
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
        spreads = {side: summary["people_per_second"] for side, summary in found.items()}
        _draw("chain", spread_svg(f"Chain of {people_count:,} people", "people/s", spreads))
    return chain_rows(found)


def measure_product(full: bool) -> list[Row]:
    """The product's own chain, from the list to the mentoring plan."""
    return product_rows(product_chain([10_000, 100_000, 1_000_000] if full else [1_000]))


def measure_growth(full: bool) -> list[Row]:
    """The same chain among people who were served before, beside the same among few."""
    return growth_rows(growth(10_000, 1_000_000, ROUNDS) if full else growth(1_000, 100_000, 1))


def measure_latency(full: bool) -> list[Row]:
    """One handover at a time until message and plan exist."""
    handovers_count, bulk_count = (3_000, 100_000) if full else (300, 5_000)
    return latency_rows(latency(handovers_count, bulk_count))


def measure_imports(full: bool) -> list[Row]:
    """A list imported by the registry beside a script by hand."""
    with started_servers() as servers:
        return import_rows(imports(servers, FULL_ROWS if full else QUICK_ROWS, ROUNDS))


def measure_allocation(full: bool) -> list[Row]:
    """Allocation and approval beside one statement for each act."""
    with started_servers() as servers:
        return allocation_rows(allocation(servers, FULL_PEOPLE if full else QUICK_PEOPLE, ROUNDS))


def measure_lists(full: bool) -> list[Row]:
    """Every list, filter and count at two sizes."""
    with started_servers() as servers:
        return list_rows(lists(servers, FULL_SIZES if full else QUICK_SIZES))


def measure_peers(full: bool) -> list[Row]:
    """The chain on the chassis beside what others would build it with."""
    with started_servers() as servers, span_sink() as endpoint:
        return peer_rows(peers(servers, 5 if full else ROUNDS, endpoint))


PARTS: Final[Mapping[str, Callable[[bool], list[Row]]]] = {
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


def _draw(name: str, picture: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")
