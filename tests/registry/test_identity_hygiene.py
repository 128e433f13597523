"""Nothing that identifies leaves the registry but by the contact look-up; what is kept is kept sealed."""

import csv
import io
from importlib.resources import files

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import CheckConstraint, LargeBinary, Text
from sqlalchemy import inspect as inspect_database
from sqlalchemy.engine import Connection

from chassis.auth import Role
from contracts import registry as told
from services.registry.domain import correction, end_request, membership, person
from services.registry.domain.findings import EXPLANATIONS
from services.registry.store.tables import GUARDED, metadata
from tests.registry.builders import DATED, cells, family_card, nik, registered
from tests.support.service import ServiceUnderTest

SECRETS = (nik(1), family_card(1), "+6281200000001", "siti@example.org", "RT 1 RW 1")


async def test_no_column_of_any_table_shows_what_is_sealed(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1, surel="siti@example.org"))
    petugas = registry.as_(Role.PETUGAS)
    body = {"field": "nik", "new_value": nik(2), "reason": "typing_error", "evidence_reference": "KTP/1"} | DATED
    await petugas.post(f"/people/{person_id}/corrections", json=body)
    tables = await registry.fetch_all(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace"
    )
    seen = ""
    for table in tables:
        for row in await registry.fetch_all(f'SELECT "{table.relname}"::text AS shown FROM "{table.relname}"'):
            shown = row.shown + bytes.fromhex("".join(_hex(row.shown))).decode("utf-8", "ignore")
            assert not any(secret in shown for secret in (*SECRETS, nik(2))), table.relname
            seen += shown
    assert "Warga Sintetis 1" in seen  # names are clear by decision: so the rows were really looked at


def _hex(shown: str) -> list[str]:
    return [part.split('"')[0].split(",")[0].rstrip(")") for part in shown.split("\\x")[1:]]


async def test_events_audit_and_idempotency_name_nobody(registry: ServiceUnderTest) -> None:
    await registered(registry, cells(1, nama="Siti Aminah", surel="siti@example.org"))
    rows = await registry.fetch_all(
        "SELECT encode(body, 'escape') || headers::text AS shown FROM outbox"
        " UNION ALL SELECT audit::text FROM audit UNION ALL SELECT idempotency::text FROM idempotency"
        " UNION ALL SELECT access_record::text FROM access_record UNION ALL SELECT job::text FROM job"
    )
    assert len(rows) >= 6
    assert not any(secret in row.shown for row in rows for secret in (*SECRETS, "Siti", "1990-01-31"))


async def test_logs_name_nobody(registry: ServiceUnderTest, capfd: pytest.CaptureFixture[str]) -> None:
    (person_id,) = await registered(registry, cells(1, nama="Siti Aminah", surel="siti@example.org"))
    petugas = registry.as_(Role.PETUGAS)
    await petugas.post("/people/resolve", json={"purpose": "no", "niks": [nik(1)]})
    await petugas.post(f"/people/{person_id}/corrections", json={"field": "nik", "new_value": nik(1)})
    out, err = capfd.readouterr()
    assert not any(secret in out + err for secret in (*SECRETS, "Siti"))


def test_enumerations_agree_with_the_contract() -> None:
    pairs = (
        (person.ListSource, told.ListSource),
        (person.PopulationMatch, told.PopulationMatch),
        (person.PersonStatus, told.PersonStatus),
        (correction.PersonField, told.PersonField),
        (membership.Scheme, told.AssistanceScheme),
        (end_request.EndRefusalReason, told.EndRefusalReason),
    )
    for ours, theirs in pairs:
        assert {str(member) for member in ours} == {str(member) for member in theirs}


def test_every_sentence_is_translated() -> None:
    with (files("services.registry") / "locale" / "id.po").open("rb") as stream:
        translated = {str(message.id): message.string for message in read_po(stream, locale="id")}
    sentences = {text for known in EXPLANATIONS.values() for text in (known.reason, known.advice)}
    sentences |= _titles()
    assert {text for text in sentences if not translated.get(text)} == set()


def _titles() -> set[str]:
    from chassis.errors import Refusal
    from services.registry import main

    assert main
    found, open_classes = set(), [Refusal]
    while open_classes:
        kind = open_classes.pop()
        open_classes += kind.__subclasses__()
        if kind.__module__.startswith("services.registry"):
            found.add(kind.title)
    return found


async def test_the_migrated_database_is_the_one_described(registry: ServiceUnderTest) -> None:
    def compare(connection: Connection) -> None:
        found = inspect_database(connection)
        for table in metadata.sorted_tables:
            columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
            assert columns == {column.name: column.nullable for column in table.columns}
            checks = {check["name"] for check in found.get_check_constraints(table.name)}
            indexes = {str(index["name"]) for index in found.get_indexes(table.name)}
            assert {str(index.name) for index in table.indexes} <= indexes
            assert checks == {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}

    async with registry.service.database.engine.connect() as connection:
        await connection.run_sync(compare)


def test_guarded_tables_carry_agency_and_region_and_seal_bytes() -> None:
    for table in GUARDED:
        assert {"agency", "region_code"} <= set(table.columns.keys())
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith(("_sealed", "_index")):
                assert isinstance(column.type, LargeBinary)
            if column.name in {"nik", "family_card", "phone", "email", "address"}:
                assert not isinstance(column.type, Text)


def test_region_data_names_its_source() -> None:
    text = (files("services.registry") / "migrations" / "data" / "0001_regions.csv").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert "cahyadsn/wilayah (MIT" in text
    assert len(list(csv.DictReader(io.StringIO("\n".join(lines))))) == 94
