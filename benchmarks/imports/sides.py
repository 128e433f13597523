"""The two sides of the import: the registry, used by two officers, and the script."""

import asyncio
import sys
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from benchmarks.imports.lists import ACT, LIST_DATED_ON, LIST_SOURCE, LIST_VERSION, Lists
from benchmarks.one_service import OneService

_OUTCOMES: Final = "SELECT count(*) FROM list_import_row WHERE outcome = '{}'"
_EVENTS: Final = "SELECT count(*) FROM outbox WHERE type = '{}'"
CONTENT: Final = {
    "lists": "SELECT content_index, region_code, list_source, list_version, list_dated_on, rows_count, accepted_count,"
    " known_count, refused_count, registered_count, state, occurred_on, late_entry_reason FROM list_import",
    "rows": "SELECT content_index, row_number, outcome, person_id IS NULL FROM list_import_row"
    " JOIN list_import ON list_import.id = import_id",
    "findings": "SELECT content_index, row_number, code, column_name, severity, other_row_number"
    " FROM list_import_finding JOIN list_import ON list_import.id = import_id",
    "people": "SELECT nik_index, card_index, person.region_code, agency, name, birth_date, female, married,"
    " address_sealed IS NULL, phone_index, email_sealed IS NULL, decile, list_source, list_version, list_dated_on,"
    " population_match, status, person.version FROM person JOIN identity ON person_id = person.id"
    " JOIN family ON family.id = family_id",
    "memberships": "SELECT card_index, agency, region_code, scheme, since, state, membership.version, change"
    " FROM membership JOIN family ON family.id = family_id"
    " JOIN membership_change ON membership_id = membership.id",
    "events": "SELECT type, topic, key = body ->> 'person_id', headers - ARRAY['ce_id', 'ce_source', 'ce_subject',"
    " 'ce_time', 'ce_actor', 'ce_correlationid', 'traceparent', 'tracestate'],"
    " body - ARRAY['person_id', 'family_id', 'import_id']"
    " FROM (SELECT type, substring(topic FROM position('.' IN topic)) AS topic, key, headers,"
    " convert_from(outbox.body, 'UTF8')::jsonb AS body FROM outbox) AS told",
}
"""What both sides must have written alike: all but ids, moments, and what is sealed under a nonce."""


@dataclass
class ImportSide(OneService):
    """One way to import the lists."""

    lists: Lists = field(kw_only=True)

    def __post_init__(self) -> None:
        self.service = "registry"

    async def is_done(self, people_count: int) -> bool:
        applied = await self.ask("SELECT count(*) FROM list_import WHERE state = 'applied'")
        return applied == len(self.lists.files) and not await self.unsent()

    async def counts(self) -> dict[str, int]:
        return {
            "rows": await self.ask("SELECT count(*) FROM list_import_row"),
            "registered": await self.ask(_OUTCOMES.format("registered")),
            "known": await self.ask(_OUTCOMES.format("known")),
            "refused": await self.ask(_OUTCOMES.format("refused")),
            "people": await self.ask("SELECT count(*) FROM person"),
            "people told": await self.ask(_EVENTS.format("registry.person_registered.v1")),
            "lists told": await self.ask(_EVENTS.format("registry.list_imported.v1")),
        }

    def expected(self, people_count: int) -> dict[str, int]:
        lists = self.lists
        registered = dict.fromkeys(("registered", "people", "people told"), lists.registered_count)
        others = {"known": lists.known_count, "refused": lists.refused_count, "lists told": len(lists.files)}
        return {"rows": lists.rows_count} | registered | others

    async def content(self) -> dict[str, int]:
        return await self.digests(CONTENT)


@dataclass
class RegistrySide(ImportSide):
    """The real registry: one officer uploads list after list, a second one approves each as soon as it is checked."""

    importing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.start_service()

    async def go(self, people_count: int) -> None:
        self.importing = asyncio.create_task(self._import())

    async def is_done(self, people_count: int) -> bool:
        assert self.importing is not None
        if not self.importing.done():
            return False
        self.importing.result()
        return await super().is_done(people_count)

    async def _import(self) -> None:
        petugas, verifikator = self.officer("petugas"), self.officer("verifikator")
        about = {
            "list_source": LIST_SOURCE,
            "list_version": LIST_VERSION,
            "list_dated_on": LIST_DATED_ON.isoformat(),
        }
        for file in self.lists.files:
            import_id = await petugas.act("/imports", file.read_bytes(), filename=file.name, **about)
            await verifikator.act(f"/imports/{import_id}/approve", {"version": 1} | ACT)


@dataclass
class ScriptSide(ImportSide):
    """The script, on a database of the registry's."""

    async def start(self) -> None:
        given: dict[str, Any] = {
            # As superuser: PostgreSQL refuses COPY to whom row-level security binds, as it binds the registry.
            "database_url": self.servers.postgres.url(self.database(self.service)),
            "bootstrap_servers": self.servers.kafka.bootstrap_servers,
            "keys_file": self.keys_file,
            "topic_prefix": self.prefix,
            "files": [str(file) for file in self.lists.files],
        }
        self.spawn("script", [sys.executable, "-m", "benchmarks.imports.script", orjson.dumps(given).decode()], {})
        await asyncio.sleep(4)

    async def go(self, people_count: int) -> None:
        stdin = self.processes["script"].stdin
        assert stdin is not None
        stdin.write(b"go\n")
        stdin.flush()
