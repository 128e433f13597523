"""A verifier returns a whole proposal; its grants become confirmed again, chunk by chunk, and may be proposed anew."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.jobs import Job, JobStep
from chassis.transaction import Transaction
from services.disbursement.domain.grant import GrantState
from services.disbursement.domain.proposal import ProposalKind, ReturnReason
from services.disbursement.outgoing import Change
from services.disbursement.store.grants import count_lines, lock_grants_in
from services.disbursement.store.ledger import log_acts
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.proposals import (
    job_has_ended,
    load_proposal,
    lock_proposal,
    refuse_lines_under_way,
    save_proposal,
)
from services.disbursement.usecases.allocate_eligible import job_occasion, occasion_of_job
from services.disbursement.usecases.check_proposal import proposal_line
from services.disbursement.usecases.reassess_grants import weigh_grants
from services.disbursement.usecases.record_changes import occasion_of, record_changes

JOB = "return_grants"


class ReturnProposal(DatedCommand):
    """Return the version seen, with a reason."""

    version: int
    reason: ReturnReason


async def return_proposal(tx: Transaction, proposal_id: UUID, command: ReturnProposal) -> UUID:
    """Return it; a job gives its grants back. A proposal whose collecting job ended goes back too.

    While another proposal collects its lines it would take what comes back before that is weighed.
    Raises ProposalStale, SamePerson, ProposalNotInState, DatedBeforePreviousAct, ProposalBeingCollected.
    """
    programme, proposal = await lock_proposal(tx, proposal_id)
    ended = await job_has_ended(tx, proposal.job_id)
    proposal.give_back(
        tx.officer.identity, command.version, command.reason, command.occurred_on, collecting_ended=ended
    )
    if proposal.kind is ProposalKind.RECIPIENTS:
        await refuse_lines_under_way(tx, programme.id, proposal.id)
        parameters = {"proposal_id": str(proposal.id), **job_occasion(occasion_of(tx, command))}
        proposal.job_id = await tx.start_job(JOB, parameters, await count_lines(tx, proposal.id))
    await save_proposal(tx, proposal)
    await log_acts(tx, [proposal_line(proposal, "proposal_returned", tx, command, command.reason.value)])
    return proposal.id


async def return_chunk(tx: Transaction, job: Job) -> JobStep:
    """Send one chunk of its grants back; what was heard of them while they lay there is weighed now."""
    occasion = occasion_of_job(job)
    proposal = await load_proposal(tx, UUID(job.parameters["proposal_id"]))
    programme = await load_programme(tx, proposal.programme_id, for_update=True)
    reason = str(proposal.return_reason)
    grants = await lock_grants_in(tx, programme.id, GrantState.PROPOSED, job.rows_limit, proposal.id)
    await record_changes(tx, [Change(grant, grant.send_back(reason), occasion) for grant in grants])
    await weigh_grants(tx, programme, grants, lambda grant, fact: Change(grant, fact, occasion))
    return JobStep(done=len(grants), finished=len(grants) < job.rows_limit)
