"""An amending decree takes effect: recipients are cancelled, substitutes from the reserve list decided."""

from collections.abc import Sequence
from uuid import UUID

from chassis.transaction import Transaction
from services.disbursement.domain.facts import Occasion
from services.disbursement.domain.grant import Grant
from services.disbursement.domain.handover import AppointmentState
from services.disbursement.domain.programme import BudgetTooSmall, Programme
from services.disbursement.domain.proposal import AmendmentLine, LinesBlocked
from services.disbursement.outgoing import Change
from services.disbursement.store import grants as store
from services.disbursement.store.handovers import settle_appointments
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.projections import load_cases
from services.disbursement.store.proposals import Decree, amendment_lines
from services.disbursement.usecases.allocate import Wish, allocate
from services.disbursement.usecases.record_changes import record_changes


async def amend_grants(tx: Transaction, programme: Programme, decree: Decree, occasion: Occasion) -> None:
    """Cancel and substitute; the programme is locked and every substitute was found eligible.

    The money of the cancelled grants goes to the substitutes. Raises BudgetTooSmall, GrantNotInState, LinesBlocked.
    """
    lines = {line.grant_id: line for line in await amendment_lines(tx, decree.proposal_id)}
    cancelled = await store.lock_grants(tx, list(lines))
    await record_changes(
        tx,
        [
            Change(grant, grant.cancel(lines[grant.id].reason, decree.id, decree.number), occasion)
            for grant in cancelled
        ],
    )
    await settle_appointments(tx, list(lines), AppointmentState.REPLACED)
    replaced = [lines[grant.id] for grant in cancelled if lines[grant.id].substitute_person_id is not None]
    substitutes = await _allocate_substitutes(tx, await load_programme(tx, programme.id), replaced, occasion)
    await record_changes(tx, [Change(each, each.propose(decree.proposal_id), occasion) for each in substitutes])
    await record_changes(
        tx,
        [
            Change(each, each.decide(decree.id, decree.number, decree.decree_on, amends_decree=True), occasion)
            for each in substitutes
        ],
    )


async def _allocate_substitutes(
    tx: Transaction, programme: Programme, lines: Sequence[AmendmentLine], occasion: Occasion
) -> list[Grant]:
    people = [line.substitute_person_id for line in lines if line.substitute_person_id is not None]
    candidates = await store.waiting_candidates(tx, programme.id, people)
    wanted: dict[UUID, UUID] = {}
    for line in lines:
        person_id = line.substitute_person_id
        if person_id is None or person_id not in candidates:
            raise LinesBlocked(grant_id=line.grant_id)
        wanted[person_id] = line.grant_id
    cases = await load_cases(tx, programme.rules, [(each, candidates[each].package_code) for each in wanted])
    wishes = [
        Wish(cases[each], programme.package(candidates[each].package_code), occasion, True, wanted[each])
        for each in wanted
    ]
    grants, enough = await allocate(tx, programme, wishes)
    if not enough:
        raise BudgetTooSmall(programme_id=programme.id)
    if len(grants) != len(wishes):
        raise LinesBlocked(programme_id=programme.id)
    await store.mark_called(tx, {candidates[grant.person_id].id: grant.id for grant in grants})
    return grants
