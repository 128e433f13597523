"""The two sides of allocation and approval: disbursement, used by three officers, and the statements."""

import asyncio
import sys
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from benchmarks.allocation.by_hand import DAYS, LATE, NUMBER
from benchmarks.allocation.people import PRICE_RUPIAH, PROGRAMME_ID, seed
from benchmarks.one_service import OneService

TOPIC: Final = "disbursement.grants"
CONTENT: Final = {
    "programme": "SELECT id, budget_rupiah, available_rupiah FROM programme",
    "grants": "SELECT person_id, family_id, package_code, amount_rupiah, agency, region_code, state,"
    " from_reserve_list, proposal_id IS NULL, decree_id IS NULL, decided_on, version, acted_on FROM aid_grant",
    "ledger": "SELECT person_id, kind, posting.agency, posting.region_code, reference_id IS NULL, occurred_on,"
    " account, ledger_entry.amount_rupiah FROM posting JOIN ledger_entry ON posting_id = posting.id"
    " JOIN aid_grant ON aid_grant.id = grant_id",
    "log": "SELECT act, agency, region_code, programme_id, person_id, reference_id IS NULL, document_number, reason,"
    " amount_rupiah, occurred_on, late_entry_reason FROM decision_log",
    "proposals": "SELECT programme_id, agency, region_code, kind, state, lines_count, acted_on, version FROM proposal",
    "decrees": "SELECT programme_id, agency, region_code, number, decree_on, annex_reference, lines_count, in_force"
    " FROM decree",
    "events": "SELECT type, topic, key, headers - ARRAY['ce_id', 'ce_source', 'ce_subject', 'ce_time', 'ce_actor',"
    " 'ce_correlationid', 'traceparent', 'tracestate'], body - ARRAY['grant_id', 'proposal_id', 'decree_id']"
    " FROM (SELECT type, substring(topic FROM position('.' IN topic)) AS topic, key, headers,"
    " convert_from(outbox.body, 'UTF8')::jsonb AS body FROM outbox) AS told",
}
"""What both sides must have written alike: all but ids that they made, moments and officers."""


@dataclass
class AllocationSide(OneService):
    """One way to set packages aside for all who may have one, and to decide on them."""

    eligible_count: int = field(kw_only=True)

    def __post_init__(self) -> None:
        self.service = "disbursement"

    async def settle(self) -> None:
        await self.servers.execute(self.database(self.service), *seed(self.eligible_count))
        await super().settle()

    async def is_done(self, people_count: int) -> bool:
        in_force = await self.ask("SELECT count(*) FROM decree WHERE in_force")
        return bool(in_force) and not await self.unsent()

    async def counts(self) -> dict[str, int]:
        told = "SELECT count(DISTINCT subject) FROM outbox WHERE type = 'disbursement.aid_{}.v1'"
        return {
            "grants decided": await self.ask("SELECT count(*) FROM aid_grant WHERE state = 'decided'"),
            "grants": await self.ask("SELECT count(*) FROM aid_grant"),
            "allocated": await self.ask(told.format("allocated")),
            "proposed": await self.ask(told.format("proposed")),
            "decided": await self.ask(told.format("decided")),
            "ledger sum": await self.ask("SELECT sum(amount_rupiah) FROM ledger_entry"),
            "committed": await self.ask("SELECT sum(amount_rupiah) FROM ledger_entry WHERE account = 'committed'"),
        }

    def expected(self, people_count: int) -> dict[str, int]:
        each = ("grants decided", "grants", "allocated", "proposed", "decided")
        return dict.fromkeys(each, people_count) | {"ledger sum": 0, "committed": people_count * PRICE_RUPIAH}

    async def content(self) -> dict[str, int]:
        return await self.digests(CONTENT)


@dataclass
class DisbursementSide(AllocationSide):
    """The real service: allocate to all eligible, propose, check, sign the decree."""

    acting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.start_service()

    async def go(self, people_count: int) -> None:
        self.acting = asyncio.create_task(self._act())

    async def is_done(self, people_count: int) -> bool:
        assert self.acting is not None
        if not self.acting.done():
            return False
        self.acting.result()
        return await super().is_done(people_count)

    async def _act(self) -> None:
        petugas, verifikator, penetap = (self.officer(role) for role in ("petugas", "verifikator", "penetap"))
        await petugas.act(f"/programmes/{PROGRAMME_ID}/allocations", _on("allocate"))
        await self._jobs_done()
        proposal_id = await petugas.act("/proposals", _on("propose", programme_id=str(PROGRAMME_ID)))
        await self._jobs_done()
        path = f"/proposals/{proposal_id}"
        await verifikator.act(f"{path}/check", _on("check", version=(await verifikator.read(path))["version"]))
        version = (await penetap.read(path))["version"]
        decree = {"proposal_id": proposal_id, "version": version, "number": NUMBER, "annex_reference": "Lampiran I"}
        await penetap.act("/decrees", _on("decide", **decree))
        await self._jobs_done()

    async def _jobs_done(self) -> None:
        queued = "SELECT count(*) FROM job WHERE state IN ('queued', 'running')"
        while await self.ask(queued):  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.05)


@dataclass
class StatementSide(AllocationSide):
    """One statement for each act, on a database of disbursement's."""

    async def start(self) -> None:
        assert self.urls is not None
        given = {
            "database_url": self.urls.worker,
            "bootstrap_servers": self.servers.kafka.bootstrap_servers,
            "topic": self.prefix + TOPIC,
        }
        argv = [sys.executable, "-m", "benchmarks.allocation.by_hand", orjson.dumps(given).decode()]
        self.spawn("statements", argv, {})
        await asyncio.sleep(4)

    async def go(self, people_count: int) -> None:
        stdin = self.processes["statements"].stdin
        assert stdin is not None
        stdin.write(b"go\n")
        stdin.flush()


def _on(act: str, **more: Any) -> dict[str, Any]:
    return {"occurred_on": DAYS[act], "late_entry_reason": LATE, **more}
