"""Eligibility, grants and substitution from the reserve list."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import After, AfterPlace, Limit, Page
from chassis.transaction import Transaction
from contracts.fields import Code
from services.disbursement.api.common import READ, about, page, views
from services.disbursement.domain.grant import GrantState
from services.disbursement.store import reading
from services.disbursement.store.grants import load_grant
from services.disbursement.usecases.find_eligibility import EligibilityView, find_candidates, find_eligibility
from services.disbursement.usecases.substitute_grant import SubstituteGrant, substitute_grant

SUBSTITUTE = Permission("grant.substitute", roles={Role.PETUGAS})

routes = Routes(tags=["grant"])

Region = Annotated[str | None, Query(pattern=r"^[0-9.]{2,13}$")]


class GrantView(BaseModel):
    """A grant and what it waits for: the course, a proposal, a decree, an invitation, the handover."""

    id: UUID
    programme_id: UUID
    person_id: UUID
    family_id: UUID
    package_code: str
    amount_rupiah: int
    agency: str
    region_code: str
    state: str
    from_reserve_list: bool
    replaces_grant_id: UUID | None
    proposal_id: UUID | None
    decree_id: UUID | None
    decided_on: date | None
    expected_session_id: UUID | None
    bast_id: UUID | None
    bast_number: str | None
    ended_reason: str | None
    waiting_for: str | None
    waiting_days: int
    version: int


class GrantAct(BaseModel):
    """Who did what to a grant, when, and why (a code)."""

    act: str
    officer: str
    occurred_on: date
    recorded_at: datetime
    late_entry_reason: str | None
    reference_id: UUID | None
    document_number: str | None
    reason: str | None


class GrantDetail(GrantView):
    """A grant with its history."""

    history: list[GrantAct]


@routes.get("/eligibility", permission=READ)
async def get_eligibility(programme_id: UUID, person_id: UUID, read: Read) -> EligibilityView:
    """Each criterion for one person: met, not met, or waiting for a fact."""
    return await read(find_eligibility, programme_id, person_id)


@routes.get("/programmes/{programme_id}/candidates", permission=READ)
async def get_candidates(
    programme_id: UUID, read: Read, after: After = None, limit: Limit = 50
) -> Page[EligibilityView]:
    """Enrolled people without a grant: why, waiting for what, since when. `after` is a person's id."""
    return await read(find_candidates, programme_id, after, limit)


@routes.get("/grants", permission=READ)
async def get_grants(
    read: Read,
    programme_id: UUID | None = None,
    person_id: UUID | None = None,
    state: GrantState | None = None,
    package_code: Code | None = None,
    region_code: Region = None,
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[GrantView]:
    """Grants in the caller's scope, filtered."""
    found = await read(
        reading.grants_page,
        after,
        limit,
        programme_id=programme_id,
        person_id=person_id,
        state=state.value if state else None,
        package_code=package_code,
        region_code=region_code,
    )
    return page(GrantView, found)


@routes.get("/grants/{grant_id}", permission=READ)
async def get_grant(grant_id: UUID, read: Read) -> GrantDetail:
    """One grant with everything that happened to it."""

    async def detail(tx: Transaction) -> GrantDetail:
        await load_grant(tx, grant_id)
        (grant,) = (await reading.grants_page(tx, None, 1, id=grant_id)).rows
        history = views(GrantAct, await reading.grant_log(tx, grant_id))
        return GrantDetail.model_validate({**grant._mapping, "history": history})

    return await read(detail)


@routes.post("/grants/{grant_id}/substitute", permission=SUBSTITUTE)
async def post_substitution(grant_id: UUID, body: SubstituteGrant, act: Act) -> Created:
    """Give the place of a released or cancelled grant to the next on the reserve list; answers the new grant's id."""
    return await act(about(substitute_grant, grant_id), body)
