"""The parts of `make bench`: what each measures, how much of it in the quick form and in full."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from benchmarks.chain_rounds import chain
from benchmarks.plot import spread_svg
from benchmarks.product.chain_rounds import product_chain
from benchmarks.product.latency_rounds import latency
from benchmarks.product.targets import latency_rows, product_rows
from benchmarks.servers import started_servers
from benchmarks.sink import span_sink
from benchmarks.targets import chain_rows
from deploy.local.home import CHECKOUT

Row = dict[str, Any]
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
    return product_rows(product_chain([10_000, 100_000] if full else [1_000]))


def measure_latency(full: bool) -> list[Row]:
    """One handover at a time until message and plan exist."""
    handovers_count, bulk_count = (3_000, 100_000) if full else (300, 5_000)
    return latency_rows(latency(handovers_count, bulk_count))


PARTS: Final[Mapping[str, Callable[[bool], list[Row]]]] = {
    "chain": measure_chain,
    "product": measure_product,
    "latency": measure_latency,
}
QUICK: Final = frozenset({"chain"})
"""Those of the quick form, which takes at most five minutes; the others by name, or with all in full."""


def _draw(name: str, picture: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")
