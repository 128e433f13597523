"""Each service's migrated database against what its code declares, and against what the law and auditors ask."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from chassis.database import async_url
from chassis.migrations import heads
from chassis.service import Service
from tests.architecture.house import SERVICES, tables_of
from tests.support.databases import DatabaseFor

CHASSIS = {
    "outbox", "relay_leader", "published_log", "inbox", "stored_offset", "parked_key", "parked_message",
    "redrive_result", "parked_mend", "skipped_type", "generation", "idempotency", "audit", "access_record",
    "timer", "job", "bulk_item", "restoration", "adopted_event", "sequence_lift", "alembic_version",
}  # fmt: skip
OURS = "NOT IN ('pg_catalog', 'information_schema')"
"""Condition on a schema's name: `public`, and a projection's own."""
IDENTIFYING = re.compile(r"(^|_)(nik|kk|card|phone|telephone|email|address|street)(_number)?$|bank_account|full_name")
SEALED = ("_sealed", "_index")
UNGUARDED = {
    "training": dict.fromkeys(("course", "programme", "provider"), "the offer, which every office may know; no person"),
}
"""Tables with agency and region that are free of row-level security on purpose."""


@pytest.fixture(params=SERVICES)
def name(request: pytest.FixtureRequest) -> str:
    """Each service in turn."""
    return str(request.param)


@pytest.fixture
async def migrated(
    name: str, database_for: DatabaseFor, compose: Callable[[str], Service]
) -> AsyncIterator[AsyncConnection]:
    """A connection, as its owner, to the service's migrated database; a projection's schema is found first."""
    projection = compose(name).projection
    path = f"{projection.schema}, public" if projection is not None else "public"
    engine = create_async_engine(
        async_url(database_for(name).owner), connect_args={"server_settings": {"search_path": path}}
    )
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def rows(connection: AsyncConnection, sql: str) -> list[Any]:
    return list((await connection.execute(text(sql))).all())


def test_one_migration_head(name: str) -> None:
    assert len(heads(f"services.{name}")) == 1


async def test_the_code_declares_every_table(name: str, migrated: AsyncConnection) -> None:
    found = await rows(migrated, "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                                 f" AND relnamespace::regnamespace::text {OURS}")  # fmt: skip
    assert {row.relname for row in found} - CHASSIS == set(tables_of(name).tables)


async def test_the_tables_are_as_the_code_declares_them(name: str, migrated: AsyncConnection) -> None:
    declared = tables_of(name)

    def ours(_object: Any, table: str | None, kind: str, _reflected: bool, _to: Any) -> bool:
        return kind != "table" or table in declared.tables

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        found = [each if isinstance(each, list) else [each] for each in compare_metadata(context, declared)]
        return [change for changes in found for change in changes if "comment" not in change[0]]

    assert await migrated.run_sync(differences) == []


async def test_the_checks_are_as_the_code_declares_them(name: str, migrated: AsyncConnection) -> None:
    def reflect(connection: Connection) -> Callable[[str], set[Any]]:
        checks = inspect(connection).get_multi_check_constraints()
        return lambda table: {check["name"] for check in checks[None, table]}

    found = await migrated.run_sync(reflect)
    for table in tables_of(name).tables.values():
        declared = {str(one.name) for one in table.constraints if one.__visit_name__.endswith("check_constraint")}
        assert found(table.name) == declared, table.name


async def test_what_officers_read_is_guarded(name: str, migrated: AsyncConnection) -> None:
    found = await rows(migrated, "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
                                 f" WHERE relkind = 'r' AND relnamespace::regnamespace::text {OURS}"
                                 " AND attname IN ('agency', 'region_code') AND NOT (relrowsecurity AND"
                                 " relforcerowsecurity) GROUP BY relname HAVING count(*) = 2")  # fmt: skip
    assert {row.relname for row in found} == set(UNGUARDED.get(name, {}))


async def test_maker_and_checker_differ_by_constraint(name: str, migrated: AsyncConnection) -> None:
    found = await rows(migrated, f"SELECT table_name FROM information_schema.columns WHERE table_schema {OURS}"
                                 " AND column_name IN ('maker', 'checker') GROUP BY table_name"
                                 " HAVING count(*) = 2")  # fmt: skip
    checks = await rows(migrated, "SELECT conrelid::regclass::text AS table_name, pg_get_constraintdef(oid) AS told"
                                  " FROM pg_constraint WHERE contype = 'c'")  # fmt: skip
    for row in found:
        told = [check.told for check in checks if check.table_name == row.table_name]
        assert any("checker" in one and "maker" in one and "<>" in one for one in told), row.table_name


async def test_identifying_columns_are_sealed(name: str, migrated: AsyncConnection) -> None:
    found = await rows(migrated, "SELECT table_name, column_name, data_type FROM information_schema.columns"
                                 f" WHERE table_schema {OURS}")  # fmt: skip
    for row in found:
        sealed = row.data_type == "bytea" and row.column_name.endswith(SEALED)
        assert sealed or not IDENTIFYING.search(row.column_name), f"{row.table_name}.{row.column_name}"


async def test_nobody_but_the_owner_deletes(name: str, migrated: AsyncConnection) -> None:
    found = await rows(migrated, "SELECT table_name, grantee FROM information_schema.role_table_grants"
                                 f" WHERE privilege_type IN ('DELETE', 'TRUNCATE') AND table_schema {OURS}"
                                 " AND grantee <> current_user")  # fmt: skip
    assert {(row.table_name, row.grantee) for row in found} == {
        ("parked_key", f"{name}_worker"),
        ("timer", f"{name}_worker"),
        ("idempotency", f"{name}_worker"),
        ("job", f"{name}_worker"),
        ("bulk_item", f"{name}_worker"),
    }
