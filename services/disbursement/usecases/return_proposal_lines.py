"""A verifier takes single lines out of a proposal: back to the officer, or released for good."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DatedCommand
from chassis.transaction import Transaction
from services.disbursement.domain.facts import SentBack
from services.disbursement.domain.proposal import (
    LineNotInProposal,
    LineReturnReason,
    ProposalKind,
    ProposalNotInState,
)
from services.disbursement.outgoing import Change
from services.disbursement.store.grants import lock_grants
from services.disbursement.store.ledger import log_acts
from services.disbursement.store.proposals import lock_proposal, save_proposal
from services.disbursement.usecases.check_proposal import proposal_line
from services.disbursement.usecases.reassess_grants import weigh_grants
from services.disbursement.usecases.record_changes import occasion_of, record_changes


class LineReturned(Command):
    """A grant and why it may not stay in the proposal."""

    grant_id: UUID
    reason: LineReturnReason


class ReturnProposalLines(DatedCommand):
    """Return lines of the version seen."""

    version: int
    lines: Annotated[tuple[LineReturned, ...], Field(min_length=1, max_length=500)]


async def return_proposal_lines(tx: Transaction, proposal_id: UUID, command: ReturnProposalLines) -> UUID:
    """Return them; what is left must be checked (again). An amendment is returned whole.

    What was heard of those sent back while they were proposed is weighed now.
    Raises ProposalStale, SamePerson, ProposalNotInState, DatedBeforePreviousAct, LineNotInProposal, GrantNotFound.
    """
    programme, proposal = await lock_proposal(tx, proposal_id)
    if proposal.kind is ProposalKind.AMENDMENT:
        raise ProposalNotInState(proposal_id=proposal.id, kind=proposal.kind.value)
    reasons = {line.grant_id: line.reason for line in command.lines}
    proposal.give_back_lines(tx.officer.identity, command.version, len(reasons), command.occurred_on)
    occasion = occasion_of(tx, command)
    changes = []
    for grant in await lock_grants(tx, list(reasons)):
        if grant.proposal_id != proposal.id:
            raise LineNotInProposal(grant_id=grant.id, proposal_id=proposal.id)
        reason = reasons[grant.id]
        ended = reason.release_reason
        fact = grant.release(ended) if ended else grant.send_back(reason.value)
        changes.append(Change(grant, fact, occasion))
    await save_proposal(tx, proposal)
    await log_acts(tx, [proposal_line(proposal, "proposal_lines_returned", tx, command)])
    await record_changes(tx, changes)
    sent_back = [change.grant for change in changes if isinstance(change.fact, SentBack)]
    await weigh_grants(tx, programme, sent_back, lambda grant, fact: Change(grant, fact, occasion))
    return proposal.id
