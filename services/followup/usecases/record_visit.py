"""A mentor records a visit with its outcome."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.followup.domain.outcome import AssetState, Outcome
from services.followup.outgoing import publish_facts, when_of
from services.followup.store.plans import load_plan, save_plan
from services.followup.usecases.reassess_empowerment import reassess_empowerment

Rupiah = Annotated[int, Field(strict=True, ge=0, le=10**15)]
HoursPerWeek = Annotated[int, Field(strict=True, ge=0, le=7 * 24 * 30)]


class RecordVisit(DatedCommand):
    """One visit: whole rupiah per month, hours of the whole family per week.

    `baseline_income_rupiah`: the monthly income before the aid, asked at the first visit, accepted at any while
    missing. `note` is for the mentor and the office only: encrypted, never in an event.
    """

    plan_id: UUID
    visit_number: Annotated[int, Field(strict=True, ge=1)]
    monthly_turnover_rupiah: Rupiah
    monthly_income_rupiah: Rupiah
    family_working_hours: HoursPerWeek
    asset_state: AssetState
    baseline_income_rupiah: Rupiah | None = None
    note: Annotated[str, Field(min_length=1, max_length=2000)] | None = None


async def record_visit(tx: Transaction, command: RecordVisit) -> UUID:
    """Record the visit, judge the family by the rule again; returns the visit's id.

    Raises PlanNotFound and what `MentoringPlan.record_visit` raises.
    """
    plan = await load_plan(tx, command.plan_id, for_update=True)
    outcome = Outcome(
        command.monthly_turnover_rupiah,
        command.monthly_income_rupiah,
        command.family_working_hours,
        command.asset_state,
    )
    measured = plan.record_visit(
        command.visit_number, outcome, when_of(command), tx.officer.identity, tx.now, command.baseline_income_rupiah
    )
    visit = plan.visit(command.visit_number)
    visit.note_sealed = tx.vault.seal(command.note) if command.note else None
    await save_plan(tx, plan, visit)
    await reassess_empowerment(tx, plan)
    publish_facts(tx, plan, measured)
    return visit.id
