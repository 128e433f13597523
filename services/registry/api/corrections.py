"""Corrections of personal data."""

from uuid import UUID

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import AfterPlace, Limit, Page
from services.registry.domain.correction import CorrectionState
from services.registry.usecases.approve_correction import ApproveCorrection, approve_correction
from services.registry.usecases.find_corrections import find_corrections
from services.registry.usecases.propose_correction import ProposeCorrection, propose_correction
from services.registry.usecases.reject_correction import RejectCorrection, reject_correction
from services.registry.usecases.withdraw_correction import withdraw_correction
from services.registry.views import CorrectionView

routes = Routes(tags=["corrections"])

PROPOSE = Permission("corrections.propose", roles={Role.PETUGAS})
WITHDRAW = Permission("corrections.withdraw", roles={Role.PETUGAS})
DECIDE = Permission("corrections.decide", roles={Role.VERIFIKATOR})
READ = Permission("corrections.read", roles={Role.PETUGAS, Role.VERIFIKATOR})


@routes.post("/people/{person_id}/corrections", permission=PROPOSE)
async def post_correction(person_id: UUID, body: ProposeCorrection, act: Act) -> Created:
    """Propose to correct one field."""
    return await act(lambda tx, command: propose_correction(tx, person_id, command), body)


@routes.get("/corrections", permission=READ)
async def get_corrections(
    read: Read,
    state: CorrectionState | None = None,
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[CorrectionView]:
    """Corrections, oldest first; `state=proposed` are those that wait."""
    return await read(find_corrections, after, limit, state)


@routes.post("/corrections/{correction_id}/approve", permission=DECIDE, status_code=200)
async def post_approval(correction_id: UUID, body: ApproveCorrection, act: Act) -> Created:
    """Second officer: let it take effect."""
    return await act(lambda tx, command: approve_correction(tx, correction_id, command), body)


@routes.post("/corrections/{correction_id}/reject", permission=DECIDE, status_code=200)
async def post_rejection(correction_id: UUID, body: RejectCorrection, act: Act) -> Created:
    """Second officer: refuse it."""
    return await act(lambda tx, command: reject_correction(tx, correction_id, command), body)


@routes.post("/corrections/{correction_id}/withdraw", permission=WITHDRAW, status_code=200)
async def post_withdrawal(correction_id: UUID, act: Act) -> Created:
    """Take it back before it is decided."""
    return await act(withdraw_correction, correction_id)
