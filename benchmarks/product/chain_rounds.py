"""N people of a Tegal-like programme through the real services: how fast, and at what cost for each."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console

from benchmarks.product.serving import MESSAGES_PER_PERSON, Product, product
from benchmarks.repeating import repeated_records, require_share, settle
from benchmarks.rounds import Figures, WrongEnd, figures
from benchmarks.servers import started_servers
from benchmarks.usage import cpu_seconds, memory_mb
from contracts.catalogue import TOPICS

console = Console(stderr=True)
PROOF_PEOPLE: Final = 200
LOOK_SECONDS: Final = 1.0
DRAIN_SECONDS: Final = 300

_COUNTS: Final[Mapping[str, tuple[str, str]]] = {
    "people": ("registry", "SELECT count(*) FROM person"),
    "completed enrolments": ("training", "SELECT count(*) FROM enrolment WHERE status = 'completed'"),
    "grants handed over": ("disbursement", "SELECT count(*) FROM aid_grant WHERE state = 'handed_over'"),
    "BASTs": ("disbursement", "SELECT count(*) FROM bast"),
    "plans": ("followup", "SELECT count(*) FROM mentoring_plan"),
    "messages": ("notifications", "SELECT count(*) FROM message"),
}
_LEDGER: Final = "SELECT coalesce(sum(amount_rupiah), 0) FROM ledger_entry"
_UNSENT: Final = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
_TO_SEND: Final = "SELECT count(*) FROM message WHERE state NOT IN ('sent', 'delivered')"
_DECIDED: Final = "SELECT count(*) FROM aid_grant WHERE state = 'decided'"
_PARKED: Final = "SELECT count(*) FROM parked_message"


def product_chain(sizes: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number of people and figures of each size as soon as it is measured, each on servers of its own.

    Raises WrongEnd before any figure of a size is told.
    """
    for size in sizes:
        with started_servers() as servers, product(servers) as running:
            measured = asyncio.run(_measure(running, size))
        console.print(f"product, {size:,} people: {measured.people_per_second:.1f} people/s, "
                      f"{measured.cpu_ms_per_person:.2f} CPU ms per person")  # fmt: skip
        yield size, asdict(measured)


async def _measure(running: Product, people_count: int) -> Figures:
    await prove_under_faults(running)
    return await serve_measured(running, people_count)


async def serve_measured(running: Product, people_count: int) -> Figures:
    """Serve so many more. Raises WrongEnd when not exactly these were added to what was there."""
    there = await counts(running)
    before, began = _cpu(running), time.perf_counter()
    peak: dict[str, float] = {}
    looking = asyncio.create_task(_look(running, peak))
    await running.serve(people_count)
    await drained(running)
    seconds, after = time.perf_counter() - began, _cpu(running)
    looking.cancel()
    await require_served(running, people_count, there)
    await running.clerk.close()
    return figures(people_count, seconds, {part: after[part] - before[part] for part in after}, peak)


async def prove_under_faults(running: Product) -> None:
    """Some people while records come twice and a service is killed: the end must be right before anything is timed."""
    there, told = await counts(running), await _told(running)
    topics = [topic.name for topic in TOPICS]
    async with repeated_records(running.servers.kafka.bootstrap_servers, topics) as repeated:
        serving = asyncio.create_task(running.serve(PROOF_PEOPLE))
        while await running.servers.scalar("disbursement", _DECIDED) == 0:  # noqa: ASYNC110 - other processes count
            await asyncio.sleep(0.1)
        os.kill(running.pids["disbursement"], signal.SIGKILL)
        await serving
        await drained(running)
        await settle(repeated)
    await require_served(running, PROOF_PEOPLE, there)
    require_share("the product", repeated, await _told(running) - told)
    console.print(f"proof: {len(repeated)} records repeated and a kill -9 in the middle, every count right")


async def _told(running: Product) -> int:
    return sum([await running.servers.scalar(service, "SELECT count(*) FROM outbox") for service in running.pids])


async def require_served(
    running: Product, people_count: int, there: Mapping[str, int], *, only_listed_count: int = 0
) -> None:
    """So many of everything more than were there, the ledger's sum zero, nothing parked. Raises WrongEnd.

    `only_listed_count`: people who are registered besides, and have nothing else.
    """
    expected = dict.fromkeys(there, 0) | {name: there[name] + people_count for name in _COUNTS}
    expected["people"] += only_listed_count
    expected["messages"] = there["messages"] + MESSAGES_PER_PERSON * people_count
    if (found := await counts(running)) != expected:
        raise WrongEnd(f"{found} instead of {expected}")


async def counts(running: Product) -> dict[str, int]:
    """What `require_served` compares."""
    ask = running.servers.scalar
    found = {name: await ask(*place) for name, place in _COUNTS.items()}
    found |= {"ledger sum": await ask("disbursement", _LEDGER)}
    return found | {f"parked in {service}": await ask(service, _PARKED) for service in running.pids}


async def drained(running: Product) -> None:
    """Wait until every outbox is published. Raises WrongEnd."""
    await _until_none(running, dict.fromkeys(running.pids, _UNSENT), "not published")


async def settled(running: Product) -> None:
    """Wait until every message is sent too, so that nothing of what was done before is under way. Raises WrongEnd."""
    await _until_none(running, {"notifications": _TO_SEND}, "not sent")
    await drained(running)


async def _until_none(running: Product, queries: Mapping[str, str], what: str) -> None:
    deadline = time.monotonic() + DRAIN_SECONDS
    while left := {
        name: count for name, query in queries.items() if (count := await running.servers.scalar(name, query))
    }:
        if time.monotonic() > deadline:
            raise WrongEnd(f"{what} after {DRAIN_SECONDS} s: {left}")
        await asyncio.sleep(0.2)


async def _look(running: Product, peak: dict[str, float]) -> None:
    while True:
        for name, megabytes in memory_mb(running.pids).items():
            peak[name] = max(peak.get(name, 0), megabytes)
        await asyncio.sleep(LOOK_SECONDS)


def _cpu(running: Product) -> dict[str, float]:
    servers = {"postgres": running.servers.postgres.pid or 0, "kafka": running.servers.kafka.pid or 0}
    return {name: cpu_seconds([pid]) for name, pid in (running.pids | servers).items()}
