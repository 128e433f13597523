"""What PostgreSQL's planner knows of a table, and what it makes of it."""

import re
from collections.abc import Iterable

import asyncpg

from deploy.local.provision import DatabaseUrls


async def analyse(urls: DatabaseUrls, table: str) -> None:
    """Make the table's statistics, as autovacuum would later: only its owner may."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()


UNSENT_INDEXES = "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%published_at IS NULL%'"
"""Names of the indexes that hold nothing but what waits in the outbox."""


def reads_only(plan: Iterable[str], indexes: Iterable[str]) -> bool:
    """Whether a plan, as EXPLAIN tells it, finds rows of tables by these indexes and in no other way."""
    lines = [line for line in plan if "Scan" in line and "CTE Scan" not in line]
    used = [re.search(r"Index (?:Only )?Scan using (\S+) on", line) for line in lines]
    return bool(lines) and all(found is not None and found[1] in set(indexes) for found in used)
