"""A verifier checks a proposal: the second pair of eyes."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.disbursement.domain.facts import Trail
from services.disbursement.domain.proposal import Proposal
from services.disbursement.store.ledger import About, LogLine, log_acts
from services.disbursement.store.proposals import load_proposal, save_proposal
from services.disbursement.usecases.find_blocked_lines import refuse_blocked_lines
from services.disbursement.usecases.record_changes import occasion_of


class CheckProposal(DatedCommand):
    """Find every line of the version seen right."""

    version: int


async def check_proposal(tx: Transaction, proposal_id: UUID, command: CheckProposal) -> UUID:
    """Mark it checked.

    Raises ProposalStale, SamePerson, ProposalNotInState, EmptyProposal, DatedBeforePreviousAct, LinesBlocked.
    """
    proposal = await load_proposal(tx, proposal_id, for_update=True)
    proposal.check(tx.officer.identity, command.version, command.occurred_on)
    await refuse_blocked_lines(tx, proposal)
    await save_proposal(tx, proposal)
    await log_acts(tx, [proposal_line(proposal, "proposal_checked", tx, command)])
    return proposal.id


def proposal_line(
    proposal: Proposal, act: str, tx: Transaction, command: DatedCommand, reason: str | None = None
) -> LogLine:
    """The decision-log line of an act on a whole proposal."""
    about = About(proposal.programme_id, proposal.agency, proposal.region_code)
    return LogLine(about, Trail(act, proposal.id, reason=reason), occasion_of(tx, command))
