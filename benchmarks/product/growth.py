"""What serving a person costs among a million who were served before, beside the same among a few thousand, in turns.

Serving the million itself takes hours. Put there by SQL they leave the same main tables: people with their families,
courses, grants, goods, visits and messages, and events told and heard. Left out are the audit, idempotency keys, access
records, and most of the ledger's and the console's lines; ids of cases come in order, while real ones are random. Each
side keeps what its rounds before have served.
"""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from benchmarks.lists.people import fill
from benchmarks.product.chain_rounds import prove_under_faults, serve_measured
from benchmarks.product.serving import Product, home_of, product
from benchmarks.rounds import Figures, summary
from benchmarks.servers import Servers, started_servers
from chassis.encryption import Vault
from deploy.local.environment import encryption_keys_file

console = Console(stderr=True)
PROGRAMMES_A_ROUND: Final = 1000
"""No programme has the number, and so the people, of another round's."""
TOLD_AND_HEARD: Final[Mapping[str, tuple[int, int]]] = {
    "registry": (1, 1),
    "training": (2, 2),
    "disbursement": (6, 3),
    "followup": (2, 2),
    "notifications": (6, 3),
    "console": (0, 6),
}
"""Events that each service has told and heard of a person who was served; the console hears a third of its own."""
_MORE: Final[Mapping[str, list[str]]] = {
    "followup": ["history_followup"],
    "notifications": ["history_notifications"],
}


def growth(people_count: int, already_count: int, rounds_count: int) -> dict[int, dict[str, Any]]:
    """Rounds by how many SQL put there before: none, or so many. Raises WrongEnd before any figure is told."""
    with ExitStack() as stack:
        sides = {count: stack.enter_context(started_servers()) for count in (0, already_count)}
        for count, servers in sides.items():
            with product(servers) as running:
                asyncio.run(_prove(running))
            if count:
                asyncio.run(_fill(servers, count))
        rounds: dict[int, list[Figures]] = {count: [] for count in sides}
        for number in range(1, rounds_count + 1):
            for count, servers in sides.items():
                with product(servers, first_programme=number * PROGRAMMES_A_ROUND) as running:
                    figures = asyncio.run(serve_measured(running, people_count))
                rounds[count].append(figures)
                console.print(f"among {count:,}: {figures.people_per_second:.1f} people/s, "
                              f"{figures.cpu_ms_per_person:.2f} CPU ms per person")  # fmt: skip
    return {count: summary(found) for count, found in rounds.items()}


async def _prove(running: Product) -> None:
    await prove_under_faults(running)
    await running.clerk.close()


async def _fill(servers: Servers, people_count: int) -> None:
    """As if so many had been served; the services are stopped meanwhile."""
    home = home_of(servers)
    for name, (told, heard) in TOLD_AND_HEARD.items():
        vault = Vault.from_file(Path(encryption_keys_file(home, name)))
        scripts = [name, "history", *_MORE.get(name, [])]
        await fill(servers, name, name, vault, people_count, scripts, told=told, heard=heard)
        console.print(f"{name}: filled with {people_count:,} people")
