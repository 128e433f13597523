"""A verifier returns a whole proposal; its grants stay confirmed and may be proposed again."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.jobs import CHUNK_LIMIT
from chassis.transaction import Transaction
from services.disbursement.domain.grant import GrantState
from services.disbursement.domain.proposal import ProposalKind, ReturnReason
from services.disbursement.outgoing import Change
from services.disbursement.store.grants import lock_grants_in
from services.disbursement.store.ledger import log_acts
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.proposals import job_has_ended, load_proposal, save_proposal
from services.disbursement.usecases.check_proposal import proposal_line
from services.disbursement.usecases.reassess_grants import weigh_grants
from services.disbursement.usecases.record_changes import occasion_of, record_changes


class ReturnProposal(DatedCommand):
    """Return the version seen, with a reason."""

    version: int
    reason: ReturnReason


async def return_proposal(tx: Transaction, proposal_id: UUID, command: ReturnProposal) -> UUID:
    """Return it; what was heard while it lay there is weighed now. A proposal whose collecting job ended goes back too.

    Raises ProposalStale, SamePerson, ProposalNotInState, DatedBeforePreviousAct.
    """
    programme_id = (await load_proposal(tx, proposal_id)).programme_id
    programme = await load_programme(tx, programme_id, for_update=True)
    proposal = await load_proposal(tx, proposal_id, for_update=True)
    ended = await job_has_ended(tx, proposal.job_id)
    proposal.give_back(
        tx.officer.identity, command.version, command.reason, command.occurred_on, collecting_ended=ended
    )
    await save_proposal(tx, proposal)
    await log_acts(tx, [proposal_line(proposal, "proposal_returned", tx, command, command.reason.value)])
    if proposal.kind is ProposalKind.RECIPIENTS:
        occasion = occasion_of(tx, command)
        state = GrantState.PROPOSED
        while grants := await lock_grants_in(tx, proposal.programme_id, state, CHUNK_LIMIT, proposal.id):
            reason = command.reason.value
            await record_changes(tx, [Change(grant, grant.send_back(reason), occasion) for grant in grants])
            await weigh_grants(tx, programme, grants, lambda grant, fact: Change(grant, fact, occasion))
    return proposal.id
