"""Dumps of the services' databases with PostgreSQL's own programs."""

import json
import os
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.local.errors import StackError
from deploy.local.options import SERVICES
from deploy.local.postgres import programs

MANIFEST = "backup.json"


def dump(superuser_url: str, service: str, folder: Path) -> None:
    """Write one database, as of one moment, to `<folder>/<service>.dump`. Raises StackError."""
    target = folder / f"{service}.dump"
    partial = target.with_suffix(".partial")
    run_program(superuser_url, service, "pg_dump", "--format=custom", f"--file={partial}")
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
    if unknown := set(services) - set(SERVICES):
        raise StackError(f"The backup is of services that are none of ours: {', '.join(sorted(map(str, unknown)))}.")
    missing = [name for name in services if not (folder / f"{name}.dump").exists()]
    if missing:
        raise StackError(f"The backup lacks {', '.join(missing)}.")
    return list(services)


def run_program(superuser_url: str, database: str, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on this database. Raises StackError with what it said."""
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
