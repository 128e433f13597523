"""A PostgreSQL of one's own must have room for the locks of large jobs."""

from collections.abc import Iterator

import asyncpg
import pytest

from deploy.local import postgres
from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.provision import provision_database

PASSWORDS = dict.fromkeys(("owner", "app", "worker"), "secret-of-the-test")


@pytest.fixture(params=[(255, 200), (512, 100)])
def locks_and_connections(request: pytest.FixtureRequest) -> tuple[int, int]:
    given: tuple[int, int] = request.param
    return given


@pytest.fixture
def server(
    session_home: Home, monkeypatch: pytest.MonkeyPatch, locks_and_connections: tuple[int, int]
) -> Iterator[Postgres]:
    """Set up by somebody else."""
    locks, connections = locks_and_connections
    monkeypatch.setitem(postgres.SETTINGS, "max_locks_per_transaction", str(locks))
    monkeypatch.setitem(postgres.SETTINGS, "max_connections", str(connections))
    folder = session_home.root / f"locks-{locks}"
    folder.mkdir()
    made = Postgres(Home(folder), free_port())
    made.start()
    yield made
    made.stop()


async def test_a_server_with_less_room_is_refused_before_anything_is_made(
    server: Postgres, locks_and_connections: tuple[int, int]
) -> None:
    enough = locks_and_connections == (512, 100)
    if enough:
        await provision_database(server.url(), "sample", PASSWORDS)
    else:
        with pytest.raises(StackError, match=r"max_locks_per_transaction = 255: with max_connections = 200 .* 256 are"):
            await provision_database(server.url(), "sample", PASSWORDS)
    connection = await asyncpg.connect(server.url())
    try:
        made = await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'sample%'")
    finally:
        await connection.close()
    assert made == (3 if enough else 0)
