"""Show region codes."""

from chassis.transaction import Transaction
from services.registry.store import regions
from services.registry.views import RegionList, RegionView


async def find_regions(tx: Transaction, within: str) -> RegionList:
    """Regions at and below a code."""
    rows = await regions.find_regions(tx, within)
    return RegionList(items=[RegionView(code=row.code, name=row.name, level=row.level) for row in rows])
