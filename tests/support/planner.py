"""What PostgreSQL's planner knows of a table."""

import asyncpg

from deploy.local.provision import DatabaseUrls


async def analyse(urls: DatabaseUrls, table: str) -> None:
    """Make the table's statistics, as autovacuum would later: only its owner may."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()
