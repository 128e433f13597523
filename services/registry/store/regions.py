"""Region codes."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, or_, select

from chassis.rows import one_of
from chassis.transaction import Transaction
from services.registry.store.tables import region


async def known_villages(tx: Transaction, codes: Collection[str]) -> frozenset[str]:
    """Those of the codes that are a village's; a nation has 84,000 of them, a list names a few hundred."""
    rows = await tx.fetch_all(select(region.c.code).where(region.c.level == "village", one_of(region.c.code, codes)))
    return frozenset(row.code for row in rows)


async def find_regions(tx: Transaction, within: str) -> Sequence[Row[Any]]:
    """Regions at and below a code, in order of their codes; an empty code means all."""
    query = select(region.c.code, region.c.name, region.c.level).order_by(region.c.code)
    if within:
        query = query.where(or_(region.c.code == within, region.c.code.startswith(within + ".", autoescape=True)))
    return await tx.fetch_all(query)
