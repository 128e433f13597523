"""The chassis's own tables and functions in a service's database, as steps of the service's migrations."""

from importlib.resources import files
from typing import Any

from alembic import op

THEMES = ("months", "outbox", "inbox", "parking", "work", "records", "restoration", "projection", "rights")
"""The scripts beside this file, in the order in which they run."""


def create() -> None:
    """Outbox, inbox, offsets, parked messages, idempotency, audit, timers, jobs, and the roles' rights."""
    for theme in THEMES:
        run_script((files(__name__) / f"{theme}.sql").read_text())


def guard(table: str) -> None:
    """Row-level security for a table that officers read: agency and region of the row against the transaction's.

    Fails closed: without both settings nothing is visible. The worker role, which acts for no officer, sees all.
    """
    run_script(f"SELECT guard_table({table!r}::regclass);")


def projection(name: str, consumer: str) -> None:
    """A schema named as the projection, for its tables; `consumer` is the id under which its first generation hears.

    The consumer writes them, officers read them; another generation is built beside it with the same rights.
    """
    run_script(f"SELECT create_projection({name!r}, {consumer!r});")


def run_script(script: str) -> None:
    """Run several statements at once: asyncpg prepares single ones only, so the text goes to the driver whole."""
    adapted: Any = op.get_bind().connection.dbapi_connection
    adapted.run_async(lambda driver: driver.execute(script))
