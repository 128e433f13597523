"""Dump and restore of the services' databases with PostgreSQL's own programs."""

import json
import os
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from deploy.local.errors import StackError
from deploy.local.home import Home
from deploy.local.postgres import programs
from deploy.local.stack import provision_databases
from deploy.local.waiting import run_async

MANIFEST = "backup.json"


def dump(superuser_url: str, service: str, folder: Path) -> None:
    """Write one database, as of one moment, to `<folder>/<service>.dump`. Raises StackError."""
    target = folder / f"{service}.dump"
    partial = target.with_suffix(".partial")
    _run(superuser_url, service, "pg_dump", "--format=custom", f"--file={partial}")
    partial.chmod(0o600)
    partial.replace(target)


def write_manifest(folder: Path, services: Iterable[str]) -> None:
    """Say what the backup holds; written last, so that a folder without it is not a whole backup."""
    content = {"taken_at": datetime.now(UTC).isoformat(), "services": list(services)}
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> list[str]:
    """The services in a backup. Raises StackError if it is not a whole one."""
    try:
        services = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["services"]
    except (OSError, ValueError, KeyError):
        raise StackError(f"{folder} holds no complete backup ({MANIFEST} is missing or unreadable).") from None
    missing = [name for name in services if not (folder / f"{name}.dump").exists()]
    if missing:
        raise StackError(f"The backup lacks {', '.join(missing)}.")
    return list(services)


def restore(home: Home, superuser_url: str, service: str, folder: Path) -> None:
    """Replace one database by its dump. Raises StackError."""
    run_async(_drop(superuser_url, service))
    provision_databases(home, superuser_url, [service])
    _run(
        superuser_url, service, "pg_restore", "--exit-on-error", f"--dbname={service}", str(folder / f"{service}.dump")
    )


async def _drop(superuser_url: str, service: str) -> None:
    connection = await asyncpg.connect(superuser_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{service}" WITH (FORCE)')
    finally:
        await connection.close()


def _run(superuser_url: str, database: str, program: str, *arguments: str) -> None:
    server = urlsplit(superuser_url)
    connection = {
        "PGHOST": server.hostname or "",
        "PGPORT": str(server.port or 5432),
        "PGUSER": unquote(server.username or ""),
        "PGPASSWORD": unquote(server.password or ""),
        "PGDATABASE": database,
    }
    argv = [str(programs() / program), "--no-password", *arguments]
    result = subprocess.run(argv, check=False, capture_output=True, text=True, env={**os.environ, **connection})  # noqa: S603 - fixed command
    if result.returncode != 0:
        raise StackError(f"{program} failed for {database}", result.stderr[-2000:])
