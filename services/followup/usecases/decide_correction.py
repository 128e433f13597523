"""A second officer approves or rejects the correction of a visit."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command
from chassis.transaction import Transaction
from services.followup.domain.plan import MentoringPlan
from services.followup.outgoing import publish_facts
from services.followup.store.corrections import load_correction, save_correction
from services.followup.store.plans import load_plan, save_plan
from services.followup.usecases.correct_visit import current_figures
from services.followup.usecases.reassess_empowerment import reassess_empowerment


class SeenVersion(Command):
    """The version the officer decided on."""

    version: Annotated[int, Field(strict=True, ge=1)]


class DecideCorrection(SeenVersion):
    """The correction decided on."""

    correction_id: UUID


async def approve_correction(tx: Transaction, command: DecideCorrection) -> UUID:
    """Apply the correction and judge the family by the rule again; returns the correction's id.

    Raises CorrectionNotFound, CorrectionClosed, StaleVersion, SamePerson, CorrectionOutdated and what
    `MentoringPlan.correct_visit` raises.
    """
    plan = await _lock_plan(tx, command.correction_id)
    correction = await load_correction(tx, command.correction_id)
    visit = next(each for each in plan.visits if each.id == correction.visit_id)
    correction.approve(tx.officer.identity, command.version, current_figures(plan, visit))
    new = correction.new
    corrected = plan.correct_visit(
        visit, new.occurred_on, new.outcome, new.baseline_income_rupiah, correction.changed_fields
    )
    await save_correction(tx, correction, tx.now)
    await save_plan(tx, plan, visit)
    await reassess_empowerment(tx, plan)
    publish_facts(tx, plan, corrected)
    return correction.id


async def reject_correction(tx: Transaction, command: DecideCorrection) -> UUID:
    """Leave the visit as it is. Raises CorrectionNotFound, CorrectionClosed, StaleVersion, SamePerson."""
    await _lock_plan(tx, command.correction_id)
    correction = await load_correction(tx, command.correction_id)
    correction.reject(tx.officer.identity, command.version)
    await save_correction(tx, correction, tx.now)
    return correction.id


async def _lock_plan(tx: Transaction, correction_id: UUID) -> MentoringPlan:
    return await load_plan(tx, (await load_correction(tx, correction_id)).plan_id, for_update=True)
