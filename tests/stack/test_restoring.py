"""A backup comes back whole, behind row-level security; one that cannot be read changes nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from chassis.ids import new_id
from cli.commands.restore import chosen_of
from deploy.local.backup import dump
from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.migrate import migrate
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.provision import DatabaseUrls
from deploy.local.reconciling import reconciliation
from deploy.local.restoring import restore
from deploy.local.stack import provision_databases

SERVICES = ("registry", "training")
ROW = """
    INSERT INTO list_import (id, agency, region_code, filename_sealed, content_index, list_source, list_version,
        list_dated_on, rows_count, accepted_count, known_count, refused_count, registered_count, state, maker, version,
        uploaded_at)
    VALUES ($1, 'dinsos', '33.28', '', uuid_send($1), 'p3ke', '2023-tahap-1', '2023-10-03', 0, 0, 0, 0, 0, 'checked',
        'siti', 1, now())
"""


@pytest.fixture(scope="module")
def server(session_home: Home) -> Iterator[Postgres]:
    """A server of its own: the others' tests clone their databases from those that are replaced here."""
    folder = session_home.root / "restoring"
    folder.mkdir()
    home = Home(folder)
    postgres = Postgres(home, free_port())
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture(scope="module")
def urls(server: Postgres) -> dict[str, DatabaseUrls]:
    """Two services' databases with their schemas."""
    made = provision_databases(server.home, server.url(), SERVICES)
    migrate(server.home, {service: url.owner for service, url in made.items()})
    return made


@pytest.fixture
def backup(server: Postgres, urls: dict[str, DatabaseUrls], tmp_path: Path) -> Path:
    """A folder with both dumps."""
    for service in SERVICES:
        dump(server.url(), service, tmp_path)
    return tmp_path


async def imported(url: str) -> UUID:
    """A list of Dinsos, written by the application role within its scope."""
    list_id = new_id()
    connection = await scoped(url, "dinsos")
    await connection.execute(ROW, list_id)
    await connection.close()
    return list_id


async def scoped(url: str, agency: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    for name, value in (("agency", agency), ("region", ""), ("scoped", "yes")):
        await connection.execute("SELECT set_config($1, $2, false)", f"sinergi.{name}", value)
    return connection


async def seen(url: str, agency: str = "dinsos") -> set[UUID]:
    connection = await scoped(url, agency)
    rows = await connection.fetch("SELECT id FROM list_import")
    await connection.close()
    return {UUID(str(row["id"])) for row in rows}


async def databases(server: Postgres) -> set[str]:
    connection = await asyncpg.connect(server.url())
    rows = await connection.fetch("SELECT datname FROM pg_database")
    await connection.close()
    return {row["datname"] for row in rows}


async def test_a_backup_comes_back_with_its_rows_and_their_guard(
    server: Postgres, urls: dict[str, DatabaseUrls], tmp_path: Path
) -> None:
    kept = await imported(urls["registry"].app)
    for service in SERVICES:
        dump(server.url(), service, tmp_path)
    later = await imported(urls["registry"].app)
    await restore(server.home, server.url(), SERVICES, tmp_path)
    found = await seen(urls["registry"].app)
    assert kept in found
    assert later not in found
    assert await seen(urls["registry"].app, agency="dinkop") == set()
    assert later in await seen(urls["registry"].for_database("registry_before_restore").app)
    assert await imported(urls["registry"].app) in await seen(urls["registry"].app)


async def test_a_dump_that_cannot_be_read_changes_nothing(
    server: Postgres, urls: dict[str, DatabaseUrls], backup: Path
) -> None:
    later = await imported(urls["registry"].app)
    broken = backup / "training.dump"
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    with pytest.raises(StackError, match="pg_restore failed for training_restoring"):
        await restore(server.home, server.url(), SERVICES, backup)
    assert later in await seen(urls["registry"].app)
    assert not {name for name in await databases(server) if name.endswith("_restoring")}


async def test_a_dump_without_our_schema_changes_nothing(
    server: Postgres, urls: dict[str, DatabaseUrls], backup: Path
) -> None:
    later = await imported(urls["registry"].app)
    dump(server.url(), "postgres", backup)
    shutil.move(backup / "postgres.dump", backup / "training.dump")
    with pytest.raises(StackError, match="holds no schema of ours"):
        await restore(server.home, server.url(), SERVICES, backup)
    assert later in await seen(urls["registry"].app)


async def test_nothing_is_replaced_under_a_connected_service(
    server: Postgres, urls: dict[str, DatabaseUrls], backup: Path
) -> None:
    later = await imported(urls["registry"].app)
    connection = await asyncpg.connect(urls["training"].worker)
    with pytest.raises(StackError, match=r"Somebody is connected to training \(1\)"):
        await restore(server.home, server.url(), SERVICES, backup)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    assert later in await seen(urls["registry"].app)


async def test_restores_where_no_database_was(server: Postgres, urls: dict[str, DatabaseUrls], backup: Path) -> None:
    connection = await asyncpg.connect(server.url())
    await connection.execute('DROP DATABASE "training"')
    await connection.close()
    await restore(server.home, server.url(), SERVICES, backup)
    assert set(SERVICES) <= await databases(server)


async def test_only_the_restored_database_is_marked_to_take_back_what_it_told(
    server: Postgres, urls: dict[str, DatabaseUrls], backup: Path
) -> None:
    """Its service reads its own topics first; the other one goes on as if nothing had happened."""
    earlier = await marked_at(urls["training"].owner)
    await restore(server.home, server.url(), ("registry",), backup)
    found = await reconciliation(server.url(), "registry")
    assert found is not None
    assert (found.is_adopted, found.is_caught_up, found.missing) == (False, False, ())
    assert await marked_at(urls["training"].owner) == earlier


@pytest.mark.parametrize(
    ("wanted", "chosen"), [(None, ["registry", "training"]), (["training"], ["training"]), (["console"], None)]
)
def test_a_service_that_the_backup_lacks_cannot_be_chosen(wanted: list[str] | None, chosen: list[str] | None) -> None:
    held = ["registry", "training"]
    if chosen is None:
        with pytest.raises(StackError, match="holds no console"):
            chosen_of(held, wanted)
    else:
        assert chosen_of(held, wanted) == chosen


async def marked_at(owner_url: str) -> object:
    connection = await asyncpg.connect(owner_url)
    found: object = await connection.fetchval("SELECT restored_at FROM restoration")
    await connection.close()
    return found
