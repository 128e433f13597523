"""Graduations and the answers to them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, Select, select

from chassis.paging import Page, PageRequest, RegionCode, fetch_scoped_page
from chassis.transaction import Transaction
from services.followup.domain.errors import GraduationNotFound
from services.followup.domain.graduation import GraduationState, WithdrawalReason
from services.followup.store.graduations import find_answers, graduation_of
from services.followup.store.tables import graduation as g
from services.followup.store.tables import mentoring_plan as p


class GraduationFilter(PageRequest):
    """Which graduations."""

    state: GraduationState | None = None
    flagged: bool | None = None
    programme_id: UUID | None = None
    region: RegionCode | None = None


class GraduationView(BaseModel):
    """One graduation; `waiting_for` names what its owner of assistance still has to say."""

    graduation_id: UUID
    plan_id: UUID
    person_id: UUID
    family_id: UUID
    programme_id: UUID
    region_code: str
    state: GraduationState
    flagged: bool
    waiting_for: str | None
    proposed_on: date
    proposed_by: str
    answer_due_on: date
    withdrawal_reason: WithdrawalReason | None
    refusal_reason: str | None
    ended_on: date | None
    schemes: list[str]
    restored_on: date | None
    version: int


class AnswerView(BaseModel):
    """An answer as it came; `state_before` tells whether it still changed anything."""

    kind: str
    occurred_on: date
    codes: list[str]
    state_before: GraduationState | None
    heard_at: datetime


class GraduationDetails(GraduationView):
    """A graduation with all answers."""

    answers: list[AnswerView]


async def find_graduation(tx: Transaction, graduation_id: UUID) -> GraduationDetails:
    """One graduation. Raises GraduationNotFound."""
    row = await tx.fetch_one(_query().where(g.c.id == graduation_id))
    if row is None:
        raise GraduationNotFound(graduation_id=graduation_id)
    answers = [
        AnswerView(
            kind=each.kind,
            occurred_on=each.occurred_on,
            codes=each.codes,
            state_before=each.state_before,
            heard_at=each.heard_at,
        )
        for each in await find_answers(tx, graduation_id)
    ]
    return GraduationDetails(**_view(row).model_dump(), answers=answers)


async def list_graduations(tx: Transaction, wanted: GraduationFilter) -> Page[GraduationView]:
    """Graduations by agency, village and id."""
    equal = {
        "state": wanted.state and wanted.state.value,
        "flagged": wanted.flagged,
        "programme_id": wanted.programme_id,
    }
    found = await fetch_scoped_page(tx, _query(), g, wanted.after, wanted.limit, equal=equal, region=wanted.region)
    return Page(items=[_view(row) for row in found.rows], next=found.next)


def _query() -> Select[Any]:
    return select(g, p.c.person_id, p.c.family_id).join(p, p.c.id == g.c.plan_id)


def _view(row: Row[Any]) -> GraduationView:
    graduation = graduation_of(row)
    return GraduationView(
        graduation_id=graduation.id,
        plan_id=graduation.plan_id,
        person_id=row.person_id,
        family_id=row.family_id,
        programme_id=row.programme_id,
        region_code=row.region_code,
        state=graduation.state,
        flagged=graduation.flagged,
        waiting_for=graduation.waiting_for,
        proposed_on=graduation.proposed_on,
        proposed_by=graduation.maker,
        answer_due_on=graduation.answer_due_on,
        withdrawal_reason=graduation.withdrawal_reason,
        refusal_reason=graduation.refusal_reason,
        ended_on=graduation.ended_on,
        schemes=list(graduation.schemes),
        restored_on=graduation.restored_on,
        version=graduation.version,
    )
