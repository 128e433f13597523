"""A page of the list of cases."""

from dataclasses import dataclass
from uuid import UUID

from chassis.paging import PageRows
from chassis.transaction import Transaction
from services.console import store


@dataclass(frozen=True, slots=True)
class CasesWanted:
    """Which cases: those of a region (empty: all in scope), behind `after`, at most `limit`."""

    region: str
    after: UUID | None
    limit: int


async def list_cases(tx: Transaction, wanted: CasesWanted) -> PageRows[store.CaseLine, UUID]:
    """The cases, by agency, village and id."""
    return await store.list_cases(tx, region=wanted.region, after=wanted.after, limit=wanted.limit)
