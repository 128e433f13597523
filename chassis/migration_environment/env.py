"""Alembic's environment, shared by all services: one forward-only history per database."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.database import async_url

_LOCK = 7_421_001


def _migrate(connection: Connection) -> None:
    # Two processes that start together must not migrate at once; the second finds nothing left to do.
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    context.configure(connection=connection, transaction_per_migration=False)
    context.run_migrations()
    # Each start adds the inbox's next months; a partition that is missing costs nothing but a larger default one.
    if connection.execute(text("SELECT to_regprocedure('add_month_partitions(integer)')")).scalar() is not None:
        connection.execute(text("SELECT add_month_partitions(6)"))


async def _run() -> None:
    configuration: Any = context.config
    engine = create_async_engine(
        async_url(configuration.attributes["owner_database_url"]),
        poolclass=pool.NullPool,
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


asyncio.run(_run())
