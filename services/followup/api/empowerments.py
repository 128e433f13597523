"""Candidates for empowerment."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.http import Act, Created, Read, Routes
from chassis.paging import Page
from services.followup.api import access
from services.followup.usecases.decide_empowerment import (
    Confirmation,
    ConfirmEmpowerment,
    GivenBack,
    ReturnEmpowerment,
    confirm_empowerment,
    return_empowerment,
)
from services.followup.usecases.list_empowerments import EmpowermentFilter, EmpowermentView, list_empowerments

routes = Routes(tags=["empowerments"])


@routes.get("/empowerments", permission=access.READ)
async def get_empowerments(wanted: Annotated[EmpowermentFilter, Query()], read: Read) -> Page[EmpowermentView]:
    """Candidates, confirmed and returned ones."""
    return await read(list_empowerments, wanted)


@routes.post("/empowerments/{empowerment_id}/confirm", permission=access.CONFIRM_EMPOWERED, status_code=200)
async def post_confirmation(empowerment_id: UUID, body: Confirmation, act: Act) -> Created:
    """Confirm as second officer."""
    return await act(confirm_empowerment, ConfirmEmpowerment(empowerment_id=empowerment_id, **dict(body)))


@routes.post("/empowerments/{empowerment_id}/return", permission=access.CONFIRM_EMPOWERED, status_code=200)
async def post_return(empowerment_id: UUID, body: GivenBack, act: Act) -> Created:
    """Give the candidature back."""
    return await act(return_empowerment, ReturnEmpowerment(empowerment_id=empowerment_id, **dict(body)))
