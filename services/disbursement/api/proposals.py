"""Proposals, their check by a verifier, decrees and amendments."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import BEFORE_ALL, After, AfterPlace, Limit, Page, cut_page
from chassis.transaction import Transaction
from services.disbursement.api.common import READ, about, page
from services.disbursement.store import reading, tables
from services.disbursement.store.grants import lines_of
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.proposals import amendment_lines, load_decree, load_proposal
from services.disbursement.usecases.check_proposal import CheckProposal, check_proposal
from services.disbursement.usecases.find_blocked_lines import judge_lines
from services.disbursement.usecases.find_eligibility import FindingView, finding_views
from services.disbursement.usecases.propose_amendment import ProposeAmendment, propose_amendment
from services.disbursement.usecases.propose_grants import ProposeGrants, propose_grants
from services.disbursement.usecases.return_proposal import ReturnProposal, return_proposal
from services.disbursement.usecases.return_proposal_lines import ReturnProposalLines, return_proposal_lines
from services.disbursement.usecases.sign_decree import SignDecree, sign_decree

PROPOSE = Permission("proposal.make", roles={Role.PETUGAS})
CHECK = Permission("proposal.check", roles={Role.VERIFIKATOR})
SIGN = Permission("decree.sign", roles={Role.PENETAP})

routes = Routes(tags=["proposal"])


class ProposalView(BaseModel):
    """A proposal; name its `version` when checking, returning or signing. `job_id`: the job at work on its lines."""

    id: UUID
    programme_id: UUID
    kind: str
    state: str
    maker: str
    checker: str | None
    penetap: str | None
    amends_decree_id: UUID | None
    lines_count: int
    return_reason: str | None
    job_id: UUID | None
    version: int


class ProposalLine(BaseModel):
    """A recipient in a proposal; `blocked` when a criterion is not met today."""

    grant_id: UUID
    person_id: UUID
    package_code: str
    amount_rupiah: int
    region_code: str
    blocked: bool
    criteria: list[FindingView]


class AmendmentLineView(BaseModel):
    """A grant to cancel and its substitute."""

    grant_id: UUID
    reason: str
    substitute_person_id: UUID | None


class DecreeView(BaseModel):
    """A decree; in force when the job `job_id` has decided every grant of its annex."""

    id: UUID
    proposal_id: UUID
    programme_id: UUID
    number: str
    decree_on: date
    annex_reference: str
    penetap: str
    amends_decree_id: UUID | None
    lines_count: int
    in_force: bool
    job_id: UUID | None


@routes.post("/proposals", permission=PROPOSE)
async def post_proposal(body: ProposeGrants, act: Act) -> Created:
    """Propose all confirmed grants of a programme; it is submitted when a job has collected its lines."""
    return await act(propose_grants, body)


@routes.post("/amendments", permission=PROPOSE)
async def post_amendment(body: ProposeAmendment, act: Act) -> Created:
    """Propose to amend a decree; answers a proposal's id."""
    return await act(propose_amendment, body)


@routes.get("/proposals", permission=READ)
async def get_proposals(
    read: Read, programme_id: UUID | None = None, after: AfterPlace = None, limit: Limit = 50
) -> Page[ProposalView]:
    """Proposals in the caller's scope."""
    return page(ProposalView, await read(reading.page_of, tables.proposal, after, limit, programme_id=programme_id))


@routes.get("/proposals/{proposal_id}", permission=READ)
async def get_proposal(proposal_id: UUID, read: Read) -> ProposalView:
    """One proposal."""

    async def found(tx: Transaction) -> ProposalView:
        return ProposalView.model_validate(await load_proposal(tx, proposal_id), from_attributes=True)

    return await read(found)


@routes.get("/proposals/{proposal_id}/lines", permission=READ)
async def get_lines(proposal_id: UUID, read: Read, after: After = None, limit: Limit = 50) -> Page[ProposalLine]:
    """The recipients proposed, each with every criterion as it stands today. `after` is a grant's id."""

    async def lines(tx: Transaction) -> Page[ProposalLine]:
        proposal = await load_proposal(tx, proposal_id)
        grants = await lines_of(tx, proposal.id, after or BEFORE_ALL, limit + 1)
        found = cut_page(grants, limit, lambda grant: grant.id)
        judged = await judge_lines(tx, await load_programme(tx, proposal.programme_id), found.rows)
        items = [
            ProposalLine(
                grant_id=line.grant.id,
                person_id=line.grant.person_id,
                package_code=line.grant.package_code,
                amount_rupiah=line.grant.amount_rupiah,
                region_code=line.grant.region_code,
                blocked=line.blocked,
                criteria=[FindingView.model_validate(each) for each in finding_views(line.judgement)],
            )
            for line in judged
        ]
        return Page(items=items, next=found.next)

    return await read(lines)


@routes.get("/proposals/{proposal_id}/amendment-lines", permission=READ)
async def get_amendment_lines(proposal_id: UUID, read: Read) -> Page[AmendmentLineView]:
    """What an amending decree shall change."""

    async def lines(tx: Transaction) -> Page[AmendmentLineView]:
        proposal = await load_proposal(tx, proposal_id)
        found = await amendment_lines(tx, proposal.id)
        items = [AmendmentLineView.model_validate(each, from_attributes=True) for each in found]
        return Page(items=items, next=None)

    return await read(lines)


@routes.post("/proposals/{proposal_id}/check", permission=CHECK, status_code=200)
async def post_check(proposal_id: UUID, body: CheckProposal, act: Act) -> Created:
    """Find every line right."""
    return await act(about(check_proposal, proposal_id), body)


@routes.post("/proposals/{proposal_id}/return", permission=CHECK, status_code=200)
async def post_return(proposal_id: UUID, body: ReturnProposal, act: Act) -> Created:
    """Return the whole proposal; a job (the proposal's `job_id`) gives its grants back."""
    return await act(about(return_proposal, proposal_id), body)


@routes.post("/proposals/{proposal_id}/lines/return", permission=CHECK, status_code=200)
async def post_line_returns(proposal_id: UUID, body: ReturnProposalLines, act: Act) -> Created:
    """Take single lines out."""
    return await act(about(return_proposal_lines, proposal_id), body)


@routes.post("/decrees", permission=SIGN)
async def post_decree(body: SignDecree, act: Act) -> Created:
    """Sign the decree on a checked proposal; in force when a job has decided every grant."""
    return await act(sign_decree, body)


@routes.get("/decrees", permission=READ)
async def get_decrees(
    read: Read, programme_id: UUID | None = None, after: AfterPlace = None, limit: Limit = 50
) -> Page[DecreeView]:
    """Decrees in the caller's scope."""
    return page(DecreeView, await read(reading.page_of, tables.decree, after, limit, programme_id=programme_id))


@routes.get("/decrees/{decree_id}", permission=READ)
async def get_decree(decree_id: UUID, read: Read) -> DecreeView:
    """One decree."""

    async def found(tx: Transaction) -> DecreeView:
        decree = await load_decree(tx, decree_id)
        (view,) = page(DecreeView, await reading.page_of(tx, tables.decree, None, 1, id=decree.id)).items
        return view

    return await read(found)
