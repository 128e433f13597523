"""Show region codes."""

from chassis.paging import Page
from chassis.transaction import Transaction
from services.registry.store import regions
from services.registry.views import RegionView


async def find_regions(tx: Transaction, after: str | None, limit: int, within: str) -> Page[RegionView]:
    """Regions at and below a code, by code."""
    found = await regions.find_regions(tx, after, limit, within)
    items = [RegionView(code=row.code, name=row.name, level=row.level) for row in found.rows]
    return Page(items=items, next=found.next)
