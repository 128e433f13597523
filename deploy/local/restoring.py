"""Restore of the services' databases: beside the old ones first, in their place only when all of it is there.

`<service>_restoring` takes the dump. When every dump has been read, all databases are renamed in one transaction; what
was there before is kept as `<service>_before_restore` until the next restore or until somebody drops it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local.backup import run_program
from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.provision import ROLE_KINDS, provision_database

MARK_RESTORED = """
    INSERT INTO restoration (restored_at, read_from)
    SELECT clock_timestamp(), max(published_at) - interval '1 hour' FROM outbox
    ON CONFLICT (single) DO UPDATE SET restored_at = excluded.restored_at, read_from = excluded.read_from,
        adopted_at = NULL, log_identity = NULL, ends = NULL, caught_up_at = NULL
"""
"""Tells the service to take back from the topics what this database lacks (chassis/restoration.py).

What is missing was sent after the newest event that the archive knows as sent; the hour is for clocks that differ.
"""

RESTORING, BEFORE = "_restoring", "_before_restore"


async def restore(home: Home, superuser_url: str, services: Sequence[str], folder: Path) -> None:
    """Put the dumps in `folder` in the place of these services' databases, all or none.

    Raises StackError while anybody is connected to one of them, and when a dump cannot be read or holds no schema: the
    old databases are untouched then.
    """
    await refuse_while_used(superuser_url, services)
    try:
        for service in services:
            await _read(home, superuser_url, service, folder / f"{service}.dump")
        await _take_places(superuser_url, services)
    except BaseException:
        async with _connected(superuser_url) as connection:
            for service in services:
                await connection.execute(f'DROP DATABASE IF EXISTS "{service}{RESTORING}" WITH (FORCE)')
        raise


async def refuse_while_used(superuser_url: str, services: Sequence[str]) -> None:
    """Raise StackError when a client is connected to one of these databases, from wherever."""
    async with _connected(superuser_url) as connection:
        used = await connection.fetch(
            "SELECT datname, count(*) AS clients FROM pg_stat_activity "
            "WHERE datname = ANY($1::text[]) AND backend_type = 'client backend' GROUP BY datname ORDER BY datname",
            [*services],
        )
    if used:
        named = ", ".join(f"{row['datname']} ({row['clients']})" for row in used)
        raise StackError(f"Somebody is connected to {named}: stop the services, on other machines too.")


async def _read(home: Home, superuser_url: str, service: str, dump: Path) -> None:
    database = f"{service}{RESTORING}"
    async with _connected(superuser_url) as connection:
        await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
    passwords = {kind: home.secret(f"{service}_{kind}") for kind in ROLE_KINDS}
    await provision_database(superuser_url, service, passwords, database)
    arguments = ("--exit-on-error", f"--dbname={database}", str(dump))
    await asyncio.to_thread(run_program, superuser_url, database, "pg_restore", *arguments)
    async with _connected(superuser_url, database) as connection:
        known = await connection.fetchval("SELECT to_regclass('public.alembic_version') IS NOT NULL")
        if not known or not await connection.fetchval("SELECT count(*) FROM public.alembic_version"):
            raise StackError(f"The dump of {service} holds no schema of ours.")
        await connection.execute(MARK_RESTORED)


async def _take_places(superuser_url: str, services: Sequence[str]) -> None:
    async with _connected(superuser_url) as connection:
        found = await connection.fetch("SELECT datname FROM pg_database WHERE datname = ANY($1::text[])", [*services])
        present = {row["datname"] for row in found}
        try:
            for service in present:
                await connection.execute(f'DROP DATABASE IF EXISTS "{service}{BEFORE}"')
            async with connection.transaction():
                for service in services:
                    if service in present:
                        await connection.execute(f'ALTER DATABASE "{service}" RENAME TO "{service}{BEFORE}"')
                    await connection.execute(f'ALTER DATABASE "{service}{RESTORING}" RENAME TO "{service}"')
        except asyncpg.ObjectInUseError as error:
            raise StackError(f"{error}: stop the services, on other machines too. Nothing was replaced.") from None


@asynccontextmanager
async def _connected(superuser_url: str, database: str = "") -> AsyncIterator[asyncpg.Connection]:
    url = urlunsplit(urlsplit(superuser_url)._replace(path=f"/{database}")) if database else superuser_url
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
