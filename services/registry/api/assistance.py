"""Membership in social assistance, and the owner's answers to graduation proposals."""

from uuid import UUID

from fastapi import Request

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import AfterPlace, Limit, Page
from services.registry.domain.end_request import RequestState
from services.registry.settings import Settings
from services.registry.usecases.approve_answer import ApproveAnswer, approve_answer
from services.registry.usecases.find_end_requests import find_end_requests
from services.registry.usecases.propose_answer import ProposeAnswer, propose_answer
from services.registry.usecases.return_answer import ReturnAnswer, return_answer
from services.registry.usecases.start_membership import StartMembership, start_membership
from services.registry.views import EndRequestView

routes = Routes(tags=["assistance"])

ENTER = Permission("memberships.enter", roles={Role.PETUGAS})
READ = Permission("assistance.read", roles={Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP})
PROPOSE = Permission("assistance.propose_answer", roles={Role.PETUGAS})
DECIDE = Permission("assistance.decide_answer", roles={Role.VERIFIKATOR, Role.PENETAP})


@routes.post("/people/{person_id}/memberships", permission=ENTER)
async def post_membership(person_id: UUID, body: StartMembership, request: Request, act: Act) -> Created:
    """Enter an assistance that the person's family holds."""
    settings: Settings = request.app.state.settings
    owner = settings.assistance_owners[body.scheme]
    return await act(lambda tx, command: start_membership(tx, person_id, command, owner), body)


@routes.get("/assistance/requests", permission=READ)
async def get_requests(
    read: Read,
    state: RequestState | None = None,
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[EndRequestView]:
    """Requests to the reader's agency; `state=open` are those that wait for an answer."""
    return await read(find_end_requests, after, limit, state)


@routes.post("/assistance/requests/{graduation_id}/answer", permission=PROPOSE, status_code=200)
async def post_answer(graduation_id: UUID, body: ProposeAnswer, act: Act) -> Created:
    """First officer of the owner: propose to end, to refuse, or to restore."""
    return await act(lambda tx, command: propose_answer(tx, graduation_id, command), body)


@routes.post("/assistance/requests/{graduation_id}/approve", permission=DECIDE, status_code=200)
async def post_approval(graduation_id: UUID, body: ApproveAnswer, act: Act) -> Created:
    """Second officer of the owner: let the answer take effect."""
    return await act(lambda tx, command: approve_answer(tx, graduation_id, command), body)


@routes.post("/assistance/requests/{graduation_id}/return", permission=DECIDE, status_code=200)
async def post_return(graduation_id: UUID, body: ReturnAnswer, act: Act) -> Created:
    """Second officer of the owner: return the answer to the first."""
    return await act(lambda tx, command: return_answer(tx, graduation_id, command), body)
