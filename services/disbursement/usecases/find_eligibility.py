"""Explains who may receive a package: each criterion met, not met, or waiting for a fact."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.paging import Page
from chassis.transaction import Transaction
from services.disbursement.domain.eligibility import CaseFacts, Judgement, judge
from services.disbursement.domain.programme import Programme
from services.disbursement.store import projections
from services.disbursement.store.grants import newest_grants_of
from services.disbursement.store.programmes import load_programme


class FindingView(BaseModel):
    """One criterion: `met`, `not_met` or `waiting`, with the codes and numbers that explain it."""

    criterion: str
    verdict: str
    facts: dict[str, str | int]


class EligibilityView(BaseModel):
    """All criteria for a person in a programme."""

    programme_id: UUID
    person_id: UUID
    package_code: str | None
    eligible: bool
    eligible_conditionally: bool
    waiting_for: list[str]
    waiting_since: datetime | None = None
    grant_id: UUID | None = None
    grant_state: str | None = None
    criteria: list[FindingView]


async def find_eligibility(tx: Transaction, programme_id: UUID, person_id: UUID) -> EligibilityView:
    """The explanation for one person; their own grant does not count against them. Raises ProgrammeNotFound."""
    programme = await load_programme(tx, programme_id)
    case = (await projections.load_cases(tx, programme.rules, [(person_id, None)]))[person_id]
    own = await newest_grants_of(tx, programme_id, [person_id])
    view = _view(programme, case, frozenset(row.id for row in own))
    if own:
        view = view.model_copy(update={"grant_id": own[0].id, "grant_state": own[0].state})
    return view


async def find_candidates(tx: Transaction, programme_id: UUID, after: UUID | None, limit: int) -> Page[EligibilityView]:
    """Enrolled people without a grant, each with what is met or awaited, and since when. Raises ProgrammeNotFound."""
    programme = await load_programme(tx, programme_id)
    found = await projections.people_without_grant(tx, programme_id, after, limit)
    cases = await projections.load_cases(tx, programme.rules, [(row.person_id, None) for row in found.rows])
    items = [
        _view(programme, cases[row.person_id], frozenset()).model_copy(update={"waiting_since": row.since})
        for row in found.rows
    ]
    return Page(items=items, next=found.next)


def finding_views(judgement: Judgement) -> list[dict[str, Any]]:
    """Findings as plain values."""
    return [
        {"criterion": finding.criterion.value, "verdict": finding.verdict.value, "facts": finding.facts}
        for finding in judgement.findings
    ]


def _view(programme: Programme, case: CaseFacts, own_grant_ids: frozenset[UUID]) -> EligibilityView:
    judgement = judge(programme.rules, case, own_grant_ids)
    return EligibilityView(
        programme_id=programme.id,
        person_id=case.person_id,
        package_code=case.package_code,
        eligible=judgement.eligible,
        eligible_conditionally=judgement.eligible_conditionally,
        waiting_for=sorted(set(judgement.waiting_for)),
        criteria=[FindingView.model_validate(finding) for finding in finding_views(judgement)],
    )
