"""An officer proposes to amend a decree: recipients who died, moved or refused, and their substitutes."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DatedCommand
from chassis.errors import Unprocessable
from chassis.transaction import Transaction
from services.disbursement.domain.facts import CancelReason
from services.disbursement.domain.grant import GrantNotInState, GrantState
from services.disbursement.domain.proposal import AmendmentLine, Proposal, ProposalKind, ProposalState
from services.disbursement.store import proposals as store
from services.disbursement.store.grants import lock_grants, waiting_candidates
from services.disbursement.store.ledger import log_acts
from services.disbursement.usecases.check_proposal import proposal_line


class NotOnReserveList(Unprocessable):
    """A substitute comes from the reserve list."""

    title = "The substitute is not waiting on the reserve list"


class GrantOfOtherProgramme(Unprocessable):
    """A decree amends grants of its own programme only."""

    title = "The grant belongs to another programme"


class AmendmentGiven(Command):
    """A decided grant to cancel, and who takes the place, if anybody."""

    grant_id: UUID
    reason: CancelReason
    substitute_person_id: UUID | None = None


class ProposeAmendment(DatedCommand):
    """Propose to amend a decree."""

    decree_id: UUID
    lines: Annotated[tuple[AmendmentGiven, ...], Field(min_length=1, max_length=500)]


async def propose_amendment(tx: Transaction, command: ProposeAmendment) -> UUID:
    """Submit it for checking; returns the proposal's id.

    Raises DecreeNotFound, GrantNotFound, GrantNotInState, GrantOfOtherProgramme, NotOnReserveList.
    """
    decree = await store.load_decree(tx, command.decree_id)
    lines = {each.grant_id: AmendmentLine(**each.model_dump()) for each in command.lines}
    for grant in await lock_grants(tx, list(lines)):
        if grant.programme_id != decree.programme_id:
            raise GrantOfOtherProgramme(grant_id=grant.id)
        if grant.state is not GrantState.DECIDED:
            raise GrantNotInState(grant_id=grant.id, state=grant.state.value)
    people = [line.substitute_person_id for line in lines.values() if line.substitute_person_id is not None]
    waiting = await waiting_candidates(tx, decree.programme_id, people)
    for person_id in people:
        if person_id not in waiting:
            raise NotOnReserveList(person_id=person_id)
    proposal = Proposal(
        id=tx.new_id(),
        programme_id=decree.programme_id,
        agency=decree.agency,
        region_code=decree.region_code,
        kind=ProposalKind.AMENDMENT,
        state=ProposalState.SUBMITTED,
        maker=tx.officer.identity,
        amends_decree_id=decree.id,
        lines_count=len(lines),
        acted_on=command.occurred_on,
    )
    await store.insert_proposal(tx, proposal)
    await store.insert_amendment_lines(tx, proposal.id, list(lines.values()))
    await log_acts(tx, [proposal_line(proposal, "amendment_proposed", tx, command)])
    return proposal.id
