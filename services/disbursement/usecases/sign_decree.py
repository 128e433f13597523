"""The deciding official (penetap) signs: checked proposals become decisions."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.jobs import Job, JobStep
from chassis.transaction import Transaction
from contracts.fields import DocumentNumber
from services.disbursement.domain.facts import Occasion, Trail
from services.disbursement.domain.grant import GrantState
from services.disbursement.domain.proposal import Proposal, ProposalKind
from services.disbursement.outgoing import Change
from services.disbursement.store import proposals as store
from services.disbursement.store.grants import lock_grants_in
from services.disbursement.store.ledger import About, LogLine, log_acts
from services.disbursement.store.programmes import load_programme
from services.disbursement.usecases.allocate_eligible import job_occasion, occasion_of_job
from services.disbursement.usecases.amend_grants import amend_grants
from services.disbursement.usecases.find_blocked_lines import refuse_blocked_lines
from services.disbursement.usecases.record_changes import occasion_of, record_changes

JOB = "decide_grants"


class SignDecree(DatedCommand):
    """Sign the decree on a checked proposal; `occurred_on` is the decree's date."""

    proposal_id: UUID
    version: int
    number: DocumentNumber
    annex_reference: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,127}$")]


async def sign_decree(tx: Transaction, command: SignDecree) -> UUID:
    """Sign it. A job decides the recipients' grants; an amending decree takes effect at once. Returns the decree's id.

    Raises ProposalStale, SamePerson, ProposalNotInState, EmptyProposal, DatedBeforePreviousAct, LinesBlocked,
    DecreeNumberTaken.
    """
    unlocked = await store.load_proposal(tx, command.proposal_id)
    amends = unlocked.kind is ProposalKind.AMENDMENT
    # Only an amendment moves the budget. Judging the many lines of recipients must not hold back the programme; a
    # fact heard while they are judged counts like one heard after the signature: the decree is amended.
    programme = await load_programme(tx, unlocked.programme_id, for_update=amends)
    proposal = await store.load_proposal(tx, command.proposal_id, for_update=True)
    proposal.decide(tx.officer.identity, command.version, command.occurred_on)
    await refuse_blocked_lines(tx, proposal)
    decree, occasion = _decree(tx.new_id(), proposal, command, tx.officer.identity), occasion_of(tx, command)
    await store.insert_decree(tx, decree, None if amends else await _start_deciding(tx, decree, occasion))
    await store.save_proposal(tx, proposal)
    about = About(decree.programme_id, decree.agency, decree.region_code)
    await log_acts(tx, [LogLine(about, Trail("decree_signed", decree.id, decree.number), occasion)])
    if amends:
        await amend_grants(tx, programme, decree, occasion)
    return decree.id


async def _start_deciding(tx: Transaction, decree: store.Decree, occasion: Occasion) -> UUID:
    return await tx.start_job(JOB, {"decree_id": str(decree.id), **job_occasion(occasion)}, decree.lines_count)


async def decide_chunk(tx: Transaction, job: Job) -> JobStep:
    """Decide one chunk of the decree's grants; the last one puts the decree in force."""
    occasion = occasion_of_job(job)
    decree = await store.load_decree(tx, UUID(job.parameters["decree_id"]))
    state = GrantState.PROPOSED
    grants = await lock_grants_in(tx, decree.programme_id, state, job.rows_limit, decree.proposal_id)
    await record_changes(
        tx,
        [Change(grant, grant.decide(decree.id, decree.number, decree.decree_on), occasion) for grant in grants],
    )
    finished = len(grants) < job.rows_limit
    if finished:
        await store.put_in_force(tx, decree.id)
    return JobStep(done=len(grants), finished=finished)


def _decree(decree_id: UUID, proposal: Proposal, command: SignDecree, penetap: str) -> store.Decree:
    return store.Decree(
        id=decree_id,
        proposal_id=proposal.id,
        programme_id=proposal.programme_id,
        agency=proposal.agency,
        region_code=proposal.region_code,
        number=command.number,
        decree_on=command.occurred_on,
        annex_reference=command.annex_reference,
        penetap=penetap,
        amends_decree_id=proposal.amends_decree_id,
        lines_count=proposal.lines_count,
    )
