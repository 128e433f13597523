"""A service's database full of people who do not exist, and what of them the routes are asked for."""

import asyncio
import csv
import importlib
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from benchmarks.servers import Servers
from chassis.encryption import Vault
from chassis.migrations import upgrade
from chassis.service import Service
from deploy.local.environment import encryption_keys_file
from deploy.local.home import CHECKOUT
from deploy.local.issuer import AUDIENCE, ISSUER, Issuer
from deploy.local.provision import ROLE_KINDS, DatabaseUrls, provision_database

KABUPATEN: Final = "33.28"
GIANT_FROM: Final = 100_000
"""So many people have a giant programme, of a tenth of them."""
_letters = itertools.cycle("abcdefgh")
WITH_CHASSIS: Final = "training"
"""The one service whose outbox, inbox, parked messages and jobs are filled too: they are alike in all."""
_FILL = Path(__file__).parent / "fill"
_REGIONS = CHECKOUT / "services" / "registry" / "migrations" / "data" / "0001_regions.csv"
_SEALED: Final = {
    "nik": "33280{:011}",
    "card": "33281{:011}",
    "phone": "+62812{:07}",
    "address": "Jalan Raya {}, RT 01 RW 02",
    "filename": "daftar-{}.csv",
    "name": "Siti Rahayu {}",
}
_OF_PERSON: Final = {
    "programme": "made.id('programme', 1)", "programme_id": "made.id('programme', 1)",
    "giant": "made.id('programme', 0)", "person": "person_id", "person_id": "person_id", "case": "case_id",
    "case_id": "case_id", "village": "region_code", "heard": "made.id('heard', n)", "job_id": "made.id('job', 0)",
    "mend_id": "made.id('mend', 0)", "import_id": "made.id('import', 0)", "enrolment_id": "made.id('enrolment', n)",
    "grant_id": "made.id('grant', n)", "bast_id": "made.id('bast', n)", "proposal_id": "made.id('proposal', 1)",
    "decree_id": "made.id('decree', 1)", "session_id": "made.id('session', 100 + village.number)",
    "plan_id": "made.id('plan', n)", "visit_id": "made.id('visit', n * 3)", "visit_list_id": "made.id('list', n)",
    "graduation_id": "made.id('graduation', n)", "message_id": "made.id('message', n * 2)",
    "list_id": "made.id('list', 100 + village.number)",
}  # fmt: skip
_OF_CLASS: Final = {
    name: f"(SELECT {column} FROM {table} WHERE agency = 'dinsos' AND region_code LIKE $1 || '%' ORDER BY id LIMIT 1)"  # noqa: S608 - our own names
    for name, column, table in (
        ("class_id", "id", "training_class"),
        ("provider", "provider_code", "training_class"),
        ("list_id", "id", "enrolment_list"),
        ("sheet_id", "id", "sheet"),
    )
}
"""Of the same class: its parts were made in one order."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled database, and the service on it."""

    servers: Servers
    service: Service
    database: str

    async def fetch(self, statement: str, *values: object) -> list[Any]:
        """Rows, read past every officer's scope."""
        connection = await asyncpg.connect(self.servers.postgres.url(self.database))
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def subjects(self, region: str) -> dict[str, str]:
        """Ids and codes that an officer of the region may ask for; those above it, such as a programme, aside."""
        names = _OF_PERSON | (_OF_CLASS if self.service.name == "training" else {})
        columns = ", ".join(f"{expression} AS {name}" for name, expression in names.items())
        (found,) = await self.fetch(
            f"SELECT {columns} FROM made.person JOIN made.village ON code = region_code"  # noqa: S608 - our own names
            # In a village of a few people nobody may be of whom everything was made.
            " WHERE region_code LIKE $1 || '%' ORDER BY n % 100 <> 0, n LIMIT 1",
            region,
        )
        return {name: str(value) for name, value in found.items()} | {"region": region}


@asynccontextmanager
async def filled(servers: Servers, name: str, people: int) -> AsyncIterator[Filled]:
    """A service whose database holds so many people; dropped at the end."""
    database = f"lists_{name}_{next(_letters)}"
    passwords = {kind: servers.home.secret(f"{name}_{kind}") for kind in ROLE_KINDS}
    urls = await provision_database(servers.postgres.url(), name, passwords, database)
    try:
        await asyncio.to_thread(upgrade, name, urls.owner)
        service = _service(servers, name, urls)
        scripts = [name, *(["chassis"] if name == WITH_CHASSIS else [])]
        await fill(servers, database, name, service.vault, people, scripts)
        try:
            yield Filled(servers, service, database)
        finally:
            await service.database.close()
            await service.api_database.close()
    finally:
        await servers.execute("postgres", f'DROP DATABASE "{database}" WITH (FORCE)')


def has_giant(people: int) -> bool:
    """Whether one programme of so many people has a tenth of them."""
    return people >= GIANT_FROM


def villages() -> list[str]:
    """Codes of the kabupaten's villages."""
    lines = (line for line in _REGIONS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return sorted(row["code"] for row in csv.DictReader(lines) if row["level"] == "village")


def _service(servers: Servers, name: str, urls: DatabaseUrls) -> Service:
    issuer = Issuer(servers.home)
    issuer.renew_service_token(name)
    settings = importlib.import_module(f"services.{name}.settings").Settings(
        database_url=urls.app,
        worker_database_url=urls.worker,
        auth_issuer=ISSUER,
        auth_audience=AUDIENCE,
        auth_jwks=str(issuer.jwks_file),
        encryption_keys_file=encryption_keys_file(servers.home, name),
        service_token_file=issuer.service_token_file(name),
    )
    service: Service = importlib.import_module(f"services.{name}.main").create_service(settings)
    return service


async def fill(
    servers: Servers, database: str, name: str, vault: Vault, people: int, scripts: Sequence[str], **more: int
) -> None:
    """Put so many people into a service's migrated database by these scripts of `fill/`, which may name `more`."""
    connection = await asyncpg.connect(servers.postgres.url(database))
    try:
        # What a person's registration, enrolment or grant goes through is not what is measured here.
        await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        await connection.execute("SET work_mem = '128MB'; SET max_parallel_workers_per_gather = 0; SET jit = off")
        codes = villages()
        await connection.execute("CREATE SCHEMA made; CREATE TABLE made.village (number bigint, code text)")
        await connection.copy_records_to_table("village", schema_name="made", records=list(enumerate(codes)))
        await _put_sealed(connection, vault)
        for script in ("made", *scripts):
            text = (_FILL / f"{script}.sql").read_text(encoding="utf-8")
            numbers = {"people": people, "villages": len(codes), "giant_from": GIANT_FROM, **more}
            await connection.execute(text.format(service=name, **numbers))
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _put_sealed(connection: "asyncpg.Connection[Any]", vault: Vault) -> None:
    """A few hundred sealed values of each kind, used again and again."""
    columns = ", ".join(f"{kind} bytea" for kind in (*_SEALED, "cells"))
    await connection.execute(f"CREATE TABLE made.sealed (number bigint, {columns})")
    records = []
    for number in range(200):
        cells = json.dumps({"nik": f"33280{number:011}", "nama": "SITI RAHAYU", "kode_desa": "33.28.01.2001"})
        values = [form.format(number) for form in _SEALED.values()] + [cells]
        records.append((number, *(vault.seal(value) for value in values)))
    await connection.copy_records_to_table("sealed", schema_name="made", records=records)
