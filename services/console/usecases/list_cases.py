"""A page of the list of cases."""

from dataclasses import dataclass

from chassis.paging import PageRows
from chassis.transaction import Transaction
from services.console import store


@dataclass(frozen=True, slots=True)
class CasesWanted:
    """Which cases: those of a region (empty: all in scope), behind `after`, at most `limit`."""

    region: str
    after: str | None
    limit: int


async def list_cases(tx: Transaction, wanted: CasesWanted) -> PageRows[store.CaseLine, str]:
    """The cases, by agency, village and id."""
    return await store.list_cases(tx, region=wanted.region, after=wanted.after, limit=wanted.limit)
