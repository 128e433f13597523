"""Mentoring plans."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.http import Act, Created, Read, Routes
from chassis.paging import Page
from services.followup.api import access
from services.followup.usecases.extend_mentoring import ExtendMentoring, FurtherVisits, extend_mentoring
from services.followup.usecases.read_plans import (
    PersonPlans,
    PlanDetails,
    PlanFilter,
    PlanView,
    find_person,
    find_plan,
    list_plans,
)
from services.followup.usecases.summarise import Summary, summarise

routes = Routes(tags=["plans"])


@routes.get("/plans", permission=access.READ)
async def get_plans(wanted: Annotated[PlanFilter, Query()], read: Read) -> Page[PlanView]:
    """Plans by programme, state and region."""
    return await read(list_plans, wanted)


@routes.get("/plans/{plan_id}", permission=access.READ)
async def get_plan(plan_id: UUID, read: Read) -> PlanDetails:
    """One plan with visits, outcomes, candidature and graduations."""
    return await read(find_plan, plan_id)


@routes.get("/people/{person_id}", permission=access.READ)
async def get_person(person_id: UUID, read: Read) -> PersonPlans:
    """All plans of one person."""
    return await read(find_person, person_id)


@routes.post("/plans/{plan_id}/extension", permission=access.EXTEND)
async def post_extension(plan_id: UUID, body: FurtherVisits, act: Act) -> Created:
    """Plan further visits."""
    return await act(extend_mentoring, ExtendMentoring(plan_id=plan_id, **dict(body)))


@routes.get("/summary", permission=access.READ)
async def get_summary(read: Read, programme_id: UUID) -> Summary:
    """Counts by state, of one programme."""
    return await read(summarise, programme_id)
