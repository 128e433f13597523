"""All confirmed grants of a programme are put into a proposal (usulan), chunk by chunk."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.jobs import Job, JobStep
from chassis.transaction import Transaction
from services.disbursement.domain.grant import GrantState
from services.disbursement.domain.proposal import (
    NothingToPropose,
    Proposal,
    ProposalKind,
    ProposalState,
)
from services.disbursement.outgoing import Change
from services.disbursement.store import grants as store
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.proposals import (
    insert_proposal,
    load_proposal,
    refuse_lines_under_way,
    save_proposal,
)
from services.disbursement.usecases.allocate_eligible import job_occasion, occasion_of_job
from services.disbursement.usecases.record_changes import occasion_of, record_changes

JOB = "collect_proposal"
LINES_LIMIT = 100_000
"""A proposal is checked and signed as a whole, in one request each: what is more waits for the next proposal."""


class ProposeGrants(DatedCommand):
    """Propose every confirmed grant of a programme, up to `LINES_LIMIT` of them."""

    programme_id: UUID


async def propose_grants(tx: Transaction, command: ProposeGrants) -> UUID:
    """Start a proposal; a job collects up to `LINES_LIMIT` lines, then it is submitted. Returns the proposal's id.

    Raises ProgrammeNotFound, NothingToPropose, ProposalBeingCollected.
    """
    programme = await load_programme(tx, command.programme_id, for_update=True)
    proposal_id = tx.new_id()
    await refuse_lines_under_way(tx, programme.id, proposal_id)
    count = await store.count_confirmed(tx, programme.id)
    if not count:
        raise NothingToPropose(programme_id=programme.id)
    parameters = {"proposal_id": str(proposal_id), **job_occasion(occasion_of(tx, command))}
    proposal = Proposal(
        id=proposal_id,
        programme_id=programme.id,
        agency=programme.agency,
        region_code=programme.region_code,
        kind=ProposalKind.RECIPIENTS,
        state=ProposalState.COLLECTING,
        maker=tx.officer.identity,
        acted_on=command.occurred_on,
        job_id=await tx.start_job(JOB, parameters, min(count, LINES_LIMIT)),
    )
    await insert_proposal(tx, proposal)
    return proposal.id


async def collect_chunk(tx: Transaction, job: Job) -> JobStep:
    """One chunk of lines; the last one submits the proposal. One returned meanwhile takes no more."""
    occasion = occasion_of_job(job)
    proposal = await load_proposal(tx, UUID(job.parameters["proposal_id"]), for_update=True)
    if proposal.state is not ProposalState.COLLECTING:
        return JobStep(done=0, finished=True)
    room = min(job.rows_limit, LINES_LIMIT - job.done)
    grants = await store.lock_grants_in(tx, proposal.programme_id, GrantState.CONFIRMED, room)
    await record_changes(tx, [Change(grant, grant.propose(proposal.id), occasion) for grant in grants])
    lines_count = job.done + len(grants)
    finished = len(grants) < job.rows_limit or lines_count == LINES_LIMIT
    if finished:
        proposal.submit(lines_count)
        await save_proposal(tx, proposal)
    return JobStep(done=len(grants), finished=finished)
