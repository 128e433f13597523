"""The script beside the registry: `python -m benchmarks.imports.script '<json>'`, then a line with `go`.

It reads the lists, checks every row once, looks for those registered before, and copies into the registry's own tables
what the registry would have written: rows, findings, families, people, memberships, events. A list is one transaction.
What it leaves out: two officers, a report to look at before anything is registered, going on where it was killed, and
memberships that ended before.
"""

import asyncio
import csv
import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import uvloop

from benchmarks.floor.events import new_id
from benchmarks.hand_relay import relay
from benchmarks.imports.checks import SIXTEEN, WARNINGS, check
from benchmarks.imports.lists import ACT, LIST_DATED_ON, LIST_SOURCE, LIST_VERSION
from chassis.encryption import Vault

_ROW: Final = ("import_id", "row_number", "agency", "region_code", "cells_sealed", "outcome", "person_id")
_FINDING: Final = (
    "import_id", "row_number", "code", "column_name", "agency", "region_code", "severity", "other_row_number",
)  # fmt: skip
_PERSON: Final = (
    "id", "agency", "region_code", "nik_sealed", "name", "birth_date", "female", "married", "address_sealed",
    "phone_sealed", "phone_index", "email_sealed", "decile", "list_source", "list_version", "list_dated_on",
    "population_match", "status", "import_id", "version", "registered_at",
)  # fmt: skip
_MEMBERSHIP: Final = ("id", "agency", "region_code", "family_id", "scheme", "state", "version")
_CHANGE: Final = ("membership_id", "version", "change", "cause_id", "recorded_at")
_OUTBOX: Final = ("event_id", "topic", "key", "type", "subject", "correlation_id", "headers", "body")
_COLUMNS: Final = frozenset(
    {
        "nik", "no_kk", "nama", "tanggal_lahir", "jenis_kelamin", "status_kawin", "alamat", "kode_desa", "no_hp",
        "surel", "desil", "pkh", "sembako", "padan_dukcapil",
    }
)  # fmt: skip
_AGENCY, _REGION, _MAKER, _CHECKER = "dinsos", "33.28", "script#maker", "script#checker"
Connection = asyncpg.Connection


@dataclass(frozen=True, slots=True)
class Script:
    """What the script needs to know."""

    database_url: str
    bootstrap_servers: str
    keys_file: str
    topic_prefix: str
    files: Sequence[str]


class Import:
    """One list on its way into the tables."""

    def __init__(self, script: Script, vault: Vault, file: str) -> None:
        self.id = new_id()
        self.vault = vault
        self.script = script
        self.content = Path(file).read_bytes()
        self.now = datetime.now(UTC)
        self.findings: list[tuple[Any, ...]] = []
        self.outcomes: dict[int, tuple[str, UUID | None]] = {}
        self.families: dict[bytes, UUID] = {}
        self.events: list[tuple[Any, ...]] = []

    async def run(self, connection: Connection, villages: frozenset[str]) -> None:
        """Everything, in one transaction."""
        rows = list(_read(self.content))
        people = self._check(rows, villages)
        async with connection.transaction():
            fresh = await self._unknown(connection, people)
            await self._keep_list(connection, rows)
            made = await self._register(connection, fresh)
            self._tell(made, len(rows))
            await connection.copy_records_to_table("outbox", records=self.events, columns=_OUTBOX)
            await connection.execute("NOTIFY outbox")

    def _check(self, rows: Sequence[tuple[int, dict[str, str]]], villages: frozenset[str]) -> dict[int, dict[str, Any]]:
        people: dict[int, dict[str, Any]] = {}
        first: dict[str, int] = {}
        for number, cells in rows:
            nik = cells.get("nik", "")
            earlier = first.setdefault(nik, number) if SIXTEEN(nik) else number
            found, person = check(cells, villages, _REGION, LIST_DATED_ON, earlier != number)
            for column, code in found:
                self._found(number, column, code, earlier if code == "nik_twice_in_list" else None)
            if person is None:
                self.outcomes[number] = ("refused", None)
            else:
                people[number] = person
        return people

    def _found(self, number: int, column: str, code: str, other: int | None = None) -> None:
        severity = "warning" if code in WARNINGS else "refusal"
        self.findings.append((self.id, number, code, column, _AGENCY, _REGION, severity, other))

    async def _unknown(
        self, connection: Connection, people: Mapping[int, dict[str, Any]]
    ) -> list[tuple[int, bytes, dict[str, Any]]]:
        """Those of the people whom nobody has registered."""
        indexed = [(number, self.vault.blind_index(person["nik"]), person) for number, person in people.items()]
        known = {
            bytes(row["nik_index"]): bytes(row["card_index"])
            for row in await connection.fetch(
                "SELECT nik_index, card_index FROM identity JOIN family ON family.id = family_id"
                " WHERE nik_index = ANY($1::bytea[])",
                [index for _, index, _ in indexed],
            )
        }
        fresh = []
        for number, index, person in indexed:
            if index not in known:
                fresh.append((number, index, person))
                self.outcomes[number] = ("registered", new_id())
            elif known[index] == self.vault.blind_index(person["card"]):
                self.outcomes[number] = ("known", None)
            else:
                self.outcomes[number] = ("refused", None)
                self._found(number, "nik", "nik_in_other_family")
        return fresh

    async def _keep_list(self, connection: Connection, rows: Sequence[tuple[int, dict[str, str]]]) -> None:
        reached = [outcome for outcome, _ in self.outcomes.values()]
        await connection.execute(
            "INSERT INTO list_import (id, agency, region_code, filename_sealed, content_index, list_source,"
            " list_version, list_dated_on, rows_count, accepted_count, known_count, refused_count, registered_count,"
            " state, maker, checker, occurred_on, late_entry_reason, version, uploaded_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, 'applied', $13, $14, $15, $16, 3, $17)",
            self.id, _AGENCY, _REGION, self.vault.seal("list.csv"),
            self.vault.blind_index(hashlib.sha256(self.content).hexdigest()), LIST_SOURCE, LIST_VERSION, LIST_DATED_ON,
            len(rows), reached.count("known"), reached.count("refused"), reached.count("registered"), _MAKER, _CHECKER,
            date.fromisoformat(ACT["occurred_on"]), ACT["late_entry_reason"], self.now,
        )  # fmt: skip
        seal = self.vault.seal_bytes
        kept = [
            (self.id, number, _AGENCY, _REGION, seal(orjson.dumps(cells)), *self.outcomes[number])
            for number, cells in rows
        ]
        await connection.copy_records_to_table("list_import_row", records=kept, columns=_ROW)
        await connection.copy_records_to_table("list_import_finding", records=self.findings, columns=_FINDING)

    async def _register(
        self, connection: Connection, fresh: Sequence[tuple[int, bytes, dict[str, Any]]]
    ) -> list[tuple[UUID, UUID, dict[str, Any]]]:
        """Families, identities, people, memberships; (person, family, values) of each."""
        vault, seal = self.vault, self.vault.seal
        cards = {person["card"]: vault.blind_index(person["card"]) for _, _, person in fresh}
        old = await connection.fetch(
            "SELECT id, card_index FROM family WHERE card_index = ANY($1::bytea[])", list(cards.values())
        )
        self.families = {bytes(row["card_index"]): row["id"] for row in old}
        new = [(new_id(), index, seal(card), self.now) for card, index in cards.items() if index not in self.families]
        self.families |= {index: family_id for family_id, index, _, _ in new}
        await connection.copy_records_to_table(
            "family", records=new, columns=("id", "card_index", "card_sealed", "registered_at")
        )
        made, identities, people = [], [], []
        for number, nik_index, person in fresh:
            person_id, family_id = self.outcomes[number][1], self.families[cards[person["card"]]]
            assert person_id is not None
            made.append((person_id, family_id, person))
            identities.append((person_id, nik_index, family_id))
            people.append(self._person(person_id, person))
        await connection.copy_records_to_table(
            "identity", records=identities, columns=("person_id", "nik_index", "family_id")
        )
        await connection.copy_records_to_table("person", records=people, columns=_PERSON)
        await self._start_memberships(connection, [row["id"] for row in old], made)
        return made

    def _person(self, person_id: UUID, person: Mapping[str, Any]) -> tuple[Any, ...]:
        seal, phone = self.vault.seal, person["phone"]
        return (
            person_id, _AGENCY, person["village"], seal(person["nik"]), person["name"], person["born_on"],
            person["female"], person["married"], seal(person["address"]) if person["address"] else None,
            seal(phone) if phone else None, self.vault.blind_index(phone) if phone else None,
            seal(person["email"]) if person["email"] else None, person["decile"], LIST_SOURCE, LIST_VERSION,
            LIST_DATED_ON, person["match"], "active", self.id, 1, self.now,
        )  # fmt: skip

    async def _start_memberships(
        self, connection: Connection, old: Sequence[UUID], made: Sequence[tuple[UUID, UUID, dict[str, Any]]]
    ) -> None:
        rows = await connection.fetch("SELECT family_id, scheme FROM membership WHERE family_id = ANY($1::uuid[])", old)
        held = {(row["family_id"], row["scheme"]) for row in rows}
        memberships, changes = [], []
        for _, family_id, person in made:
            for scheme in person["schemes"]:
                if (family_id, scheme) not in held:
                    held.add((family_id, scheme))
                    membership_id = new_id()
                    memberships.append((membership_id, _AGENCY, person["village"], family_id, scheme, "active", 1))
                    changes.append((membership_id, 1, "started", self.id, self.now))
        await connection.copy_records_to_table("membership", records=memberships, columns=_MEMBERSHIP)
        await connection.copy_records_to_table("membership_change", records=changes, columns=_CHANGE)

    def _tell(self, made: Sequence[tuple[UUID, UUID, dict[str, Any]]], rows_count: int) -> None:
        common = {**ACT, "agency": _AGENCY}
        listed = {"list_source": LIST_SOURCE, "list_version": LIST_VERSION, "list_dated_on": LIST_DATED_ON.isoformat()}
        for person_id, family_id, person in made:
            data = {
                **common, "person_id": str(person_id), "family_id": str(family_id), "region_code": person["village"],
                "decile": person["decile"], **listed, "population_match": person["match"], "status": "active",
                "import_id": str(self.id),
            }  # fmt: skip
            self._event("registry.people", "registry.person_registered.v1", str(person_id), 1, data)
        reached = [outcome for outcome, _ in self.outcomes.values()]
        counts = {f"{outcome}_count": reached.count(outcome) for outcome in ("registered", "known", "refused")}
        data = {**common, "import_id": str(self.id), **listed, "rows_count": rows_count, **counts}
        self._event("registry.imports", "registry.list_imported.v1", str(self.id), 3, data)

    def _event(self, topic: str, kind: str, subject: str, sequence: int, data: dict[str, Any]) -> None:
        event_id = new_id()
        headers = {
            "ce_specversion": "1.0", "ce_id": str(event_id), "ce_source": "/script", "ce_type": kind,
            "ce_subject": subject, "ce_time": self.now.isoformat(), "ce_sequence": str(sequence),
            "ce_actor": str(self.id), "ce_correlationid": str(self.id), "content-type": "application/json",
        }  # fmt: skip
        told = orjson.dumps(headers).decode(), orjson.dumps(data)
        self.events.append((event_id, self.script.topic_prefix + topic, subject, kind, subject, self.id, *told))


def _read(content: bytes) -> Any:
    records = csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";")
    header = [name.strip().lower() for name in next(records)]
    columns = [(at, name) for at, name in enumerate(header) if name in _COLUMNS]
    for number, record in enumerate(records, start=2):
        cells = {name: text for at, name in columns if at < len(record) and (text := record[at].strip())}
        if cells:
            yield number, cells


async def main(script: Script) -> None:
    """Import the lists when told to, and send the events meanwhile, until standard input closes."""
    stopping, lines = asyncio.Event(), asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    relaying = asyncio.create_task(relay(script.database_url, script.bootstrap_servers, stopping))
    vault = Vault.from_file(Path(script.keys_file))
    connection = await asyncpg.connect(script.database_url)
    codes = await connection.fetch("SELECT code FROM region WHERE level = 'village'")
    villages = frozenset(row["code"] for row in codes)
    while await lines.readline():
        for file in script.files:
            await Import(script, vault, file).run(connection, villages)
    stopping.set()
    await relaying


if __name__ == "__main__":
    uvloop.run(main(Script(**orjson.loads(sys.argv[1]))))
