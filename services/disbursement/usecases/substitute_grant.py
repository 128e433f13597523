"""A freed place goes to the next eligible person of the reserve list."""

from typing import Any
from uuid import UUID

from chassis.commands import DatedCommand
from chassis.errors import Conflict
from chassis.transaction import Transaction
from services.disbursement.domain.eligibility import CaseFacts, judge
from services.disbursement.domain.grant import ENDED, GrantNotInState
from services.disbursement.domain.programme import BudgetTooSmall, Programme
from services.disbursement.store import grants as store
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.projections import load_cases
from services.disbursement.usecases.allocate import Wish, allocate
from services.disbursement.usecases.record_changes import occasion_of

CANDIDATES_AT_ONCE = 100


class NoEligibleCandidate(Conflict):
    """Nobody on the reserve list may take the place now."""

    title = "Nobody on the reserve list is eligible"


class PlaceAlreadyTaken(Conflict):
    """The freed place was given to a substitute before."""

    title = "The freed place was already given to a substitute"


class SubstituteGrant(DatedCommand):
    """Give the place of a released or cancelled grant to the next on the reserve list."""


async def substitute_grant(tx: Transaction, grant_id: UUID, command: SubstituteGrant) -> UUID:
    """Allocate to the first eligible candidate, on condition of the course if it is not completed yet.

    Returns the new grant's id. Raises GrantNotInState, NoEligibleCandidate, PlaceAlreadyTaken, BudgetTooSmall.
    """
    programme = await load_programme(tx, (await store.load_grant(tx, grant_id)).programme_id, for_update=True)
    freed = await store.load_grant(tx, grant_id, for_update=True)
    if freed.state not in ENDED:
        raise GrantNotInState(grant_id=freed.id, state=freed.state.value)
    candidate, case = await _first_eligible(tx, programme)
    package = programme.package(candidate.package_code)
    grants, enough = await allocate(tx, programme, [Wish(case, package, occasion_of(tx, command), True, freed.id)])
    if not enough:
        raise BudgetTooSmall(programme_id=programme.id, needed_rupiah=package.unit_price_rupiah)
    if not grants:
        raise PlaceAlreadyTaken(grant_id=freed.id)
    await store.mark_called(tx, {candidate.id: grants[0].id})
    return grants[0].id


async def _first_eligible(tx: Transaction, programme: Programme) -> tuple[Any, CaseFacts]:
    """The first on the reserve list who may take a place, with what is known of the person. The programme is locked."""
    position = 0
    while candidates := await store.next_waiting_candidates(tx, programme.id, position, CANDIDATES_AT_ONCE):
        cases = await load_cases(tx, programme.rules, [(each.person_id, each.package_code) for each in candidates])
        for candidate in candidates:
            case = cases[candidate.person_id]
            if judge(programme.rules, case).eligible_conditionally:
                return candidate, case
        position = candidates[-1].position
    raise NoEligibleCandidate(programme_id=programme.id)
