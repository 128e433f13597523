"""Graduation from social assistance."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.http import Act, Created, Read, Routes
from chassis.paging import Page
from services.followup.api import access
from services.followup.usecases.propose_graduation import ProposeGraduation, propose_graduation
from services.followup.usecases.read_graduations import (
    GraduationDetails,
    GraduationFilter,
    GraduationView,
    find_graduation,
    list_graduations,
)
from services.followup.usecases.withdraw_graduation import Withdrawal, WithdrawGraduation, withdraw_graduation

routes = Routes(tags=["graduations"])


@routes.get("/graduations", permission=access.READ)
async def get_graduations(wanted: Annotated[GraduationFilter, Query()], read: Read) -> Page[GraduationView]:
    """Graduations by state, flag, programme and region."""
    return await read(list_graduations, wanted)


@routes.get("/graduations/{graduation_id}", permission=access.READ)
async def get_graduation(graduation_id: UUID, read: Read) -> GraduationDetails:
    """One graduation with all answers."""
    return await read(find_graduation, graduation_id)


@routes.post("/graduations", permission=access.PROPOSE_GRADUATION)
async def post_graduation(body: ProposeGraduation, act: Act) -> Created:
    """Ask the owner of the assistance to end it."""
    return await act(propose_graduation, body)


@routes.post("/graduations/{graduation_id}/withdraw", permission=access.WITHDRAW_GRADUATION, status_code=200)
async def post_withdrawal(graduation_id: UUID, body: Withdrawal, act: Act) -> Created:
    """Take it back."""
    return await act(withdraw_graduation, WithdrawGraduation(graduation_id=graduation_id, **dict(body)))
