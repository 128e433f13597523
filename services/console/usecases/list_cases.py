"""A page of the list of cases."""

from dataclasses import dataclass
from uuid import UUID

from chassis.transaction import Transaction
from services.console import store


@dataclass(frozen=True, slots=True)
class CasesWanted:
    """Which cases: those of a region (empty: all in scope), behind `after`, at most `limit`."""

    region: str
    after: UUID | None
    limit: int


async def list_cases(tx: Transaction, wanted: CasesWanted) -> list[store.CaseLine]:
    """The cases, in the order of their ids."""
    return await store.list_cases(tx, region=wanted.region, after=wanted.after, limit=wanted.limit)
