"""Region codes."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select

from chassis.paging import PageRows, fetch_page, in_region
from chassis.rows import one_of
from chassis.transaction import Transaction
from services.registry.store.tables import region


async def known_villages(tx: Transaction, codes: Collection[str]) -> frozenset[str]:
    """Those of the codes that are a village's; a nation has 84,000 of them, a list names a few hundred."""
    rows = await tx.fetch_all(select(region.c.code).where(region.c.level == "village", one_of(region.c.code, codes)))
    return frozenset(row.code for row in rows)


async def find_regions(tx: Transaction, after: str | None, limit: int, within: str) -> PageRows[Row[Any], str]:
    """Regions at and below a code, by code; an empty `within` means all."""
    query = select(region.c.code, region.c.name, region.c.level)
    if within:
        query = query.where(in_region(region.c.code, within))
    return await fetch_page(tx, query, region.c.code, after, limit)
