"""One handover at a time, twenty a second, until message and mentoring plan exist; beside the floor's two hops.

Both sides are read from the databases afterwards, at no cost to what is measured: PostgreSQL is told to keep the moment
of every commit. The product's clock starts when the officer's request leaves, the floor's when it writes its first row.
Both sides first prove that they lose nothing, and every count must be right at the end.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
from rich.console import Console

from benchmarks.product.chain_rounds import counts, prove_under_faults, require_served, settled
from benchmarks.product.serving import PROGRAMME_PEOPLE, Product, product
from benchmarks.proof import prove
from benchmarks.rounds import WrongEnd, require_end
from benchmarks.servers import Servers, started_servers
from benchmarks.sides import FloorSide
from demo.crowd.handing import SIGNING, invite_all
from demo.crowd.wave import HANDED, Wave
from services.registry.settings import Settings as RegistrySettings

console = Console(stderr=True)
RATE_PER_SECOND: Final = 20.0
LISTENERS: Final = ("followup", "notifications")
WAIT_SECONDS: Final = 300
LIST_ROWS: Final = int(RegistrySettings.model_fields["list_limit_rows"].default)
"""As long as a list may be."""

# The inbox is only ever added to, in the transaction that makes the plan or the message: its commit is their birth.
_HEARD: Final = "SELECT event_id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) AS at FROM inbox"
_TOLD: Final = "SELECT event_id, subject FROM outbox WHERE type = 'disbursement.aid_handed_over.v1'"
_ALLOCATED: Final = "SELECT id, extract(epoch FROM created_at) AS at FROM entitlement"
_PAID: Final = "SELECT id, grant_id FROM payment"
_REGISTERED: Final = "SELECT count(*) FROM person"
_POSTED: Final = "SELECT transaction_id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) AS at FROM posting"

Spread = dict[str, float]


def latency(handovers_count: int, bulk_count: int) -> dict[str, Spread]:
    """Milliseconds: of the floor, of the product alone, and of the product while list after list is imported.

    The import goes on until the last handover has arrived and at least `bulk_count` people are imported; the side's
    name says how many were while the handovers were under way. Raises WrongEnd before any figure is told.
    """
    with started_servers() as servers:
        asyncio.run(_keep_commit_times(servers))
        servers.postgres.stop()
        servers.postgres.start()
        found = {"floor": _spread(asyncio.run(_floor(servers, handovers_count)))}
        with product(servers) as running:
            found |= asyncio.run(_product(running, handovers_count, bulk_count))
    for side, spread in found.items():
        console.print(f"latency, {side}: p50 {spread['p50']:.1f} ms, p99 {spread['p99']:.1f} ms, n {spread['n']:.0f}")
    return found


async def _keep_commit_times(servers: Servers) -> None:
    await servers.execute("postgres", "ALTER SYSTEM SET track_commit_timestamp = on")


async def _floor(servers: Servers, count: int) -> list[float]:
    await prove("floor, full", FloorSide(servers, full=True))
    side = FloorSide(servers, full=True)
    await side.prepare()
    await side.settle()
    await side.start()
    try:
        stdin = side.processes["allocation"].stdin
        assert stdin is not None
        stdin.write(f"{count} 1 {1 / RATE_PER_SECOND}\n".encode())
        stdin.flush()
        deadline = time.monotonic() + 3 * count / RATE_PER_SECOND + WAIT_SECONDS
        while await side.posted() < 2 * count:
            if time.monotonic() > deadline:
                raise WrongEnd(f"floor: {await side.counts()}")
            await asyncio.sleep(0.5)
    finally:
        side.stop()
    await require_end(side, count)
    began = await _pairs(servers, side.database("allocation"), _ALLOCATED)
    grants = await _pairs(servers, side.database("payment"), _PAID)
    posted = await _pairs(servers, side.database("ledger"), _POSTED)
    await side.drop()
    return [1000 * (float(at) - float(began[grants[payment]])) for payment, at in posted.items()]


async def _product(running: Product, count: int, bulk_count: int) -> dict[str, Spread]:
    await prove_under_faults(running)
    there = await counts(running)
    alone = await _prepared(running, count)
    beside = await _prepared(running, count)
    await settled(running)
    found = {"product": _spread(await _hand_over(running, alone))}
    arrived, before = asyncio.Event(), await running.servers.scalar("registry", _REGISTERED)
    async with asyncio.TaskGroup() as group:
        importing = group.create_task(_import(running, bulk_count, arrived))
        spread = _spread(await _hand_over(running, beside))
        imported = await running.servers.scalar("registry", _REGISTERED) - before
        arrived.set()
    found[f"product beside a bulk job of {imported:,}"] = spread
    await settled(running)
    await require_served(running, 2 * count, there, only_listed_count=importing.result())
    await running.clerk.close()
    return found


async def _prepared(running: Product, count: int) -> list[tuple[Wave, str]]:
    """Programmes whose recipients are invited, with their sessions."""
    sizes = [min(PROGRAMME_PEOPLE, count - start) for start in range(0, count, PROGRAMME_PEOPLE)]
    found = []
    for size in sizes:
        wave = running.wave(size)
        await wave.prepare()
        found.append((wave, await invite_all(wave)))
    return found


async def _hand_over(running: Product, prepared: Sequence[tuple[Wave, str]]) -> list[float]:
    sent: dict[str, float] = {}
    dice = random.Random(20)

    async def one(wave: Wave, session_id: str, person: str) -> None:
        grant_id = wave.grants[person]
        body = {"session_id": session_id, "receipt": {"grant_id": grant_id}, "signing": SIGNING}
        sent[grant_id] = time.time()
        body |= wave.calendar.on(HANDED)
        await wave.act("handed_over", wave.petugas, "disbursement", "/handovers", body, people=[person])

    async with asyncio.TaskGroup() as group:
        for wave, session_id in prepared:
            for person in wave.recipients:
                group.create_task(one(wave, session_id, person))
                await asyncio.sleep(dice.expovariate(RATE_PER_SECOND))
    return await _arrivals(running.servers, sent)


async def _arrivals(servers: Servers, sent: Mapping[str, float]) -> list[float]:
    """Milliseconds from each request until both listeners have made what is theirs."""
    told = await _pairs(servers, "disbursement", _TOLD)
    events = {event: sent[subject] for event, subject in told.items() if subject in sent}
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        heard = [await _pairs(servers, service, _HEARD) for service in LISTENERS]
        if len(events) == len(sent) and all(events.keys() <= each.keys() for each in heard):
            return [1000 * (max(float(each[event]) for each in heard) - at) for event, at in events.items()]
        if time.monotonic() > deadline:
            raise WrongEnd(f"{len(sent)} handed over, {len(events)} told, not all heard after {WAIT_SECONDS} s")
        await asyncio.sleep(0.5)


async def _import(running: Product, at_least: int, enough: asyncio.Event) -> int:
    """Somebody's lists, one after the other, of other people each; how many people they held."""
    imported = 0
    while imported < at_least or not enough.is_set():
        wave = running.wave(min(at_least, LIST_ROWS))
        await wave.import_list()
        imported += len(wave.people)
    return imported


async def _pairs(servers: Servers, database: str, statement: str) -> dict[Any, Any]:
    connection = await asyncpg.connect(servers.postgres.url(database))
    try:
        return {row[0]: row[1] for row in await connection.fetch(statement)}
    finally:
        await connection.close()


def _spread(milliseconds: Sequence[float]) -> Spread:
    cuts = statistics.quantiles(milliseconds, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "max": max(milliseconds), "n": len(milliseconds)}
