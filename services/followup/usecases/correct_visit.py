"""An officer writes a correction of a recorded visit; it changes nothing until another one approves it."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from chassis.commands import Command
from chassis.errors import Unprocessable
from chassis.transaction import Transaction
from services.followup.domain.correction import CorrectionReason, Figures, VisitCorrection
from services.followup.domain.errors import CorrectionOpen
from services.followup.domain.outcome import AssetState
from services.followup.domain.plan import MentoringPlan, Visit
from services.followup.store.corrections import has_open_correction, insert_correction
from services.followup.store.plans import load_plan_of_visit
from services.followup.usecases.record_visit import HoursPerWeek, Rupiah


class VisitDateInFuture(Unprocessable):
    """A visit cannot have happened after today."""

    title = "The date of the visit lies in the future"


class CorrectVisit(Command):
    """What is left out stays as it is. `visit_occurred_on` is the day of the visit itself."""

    visit_id: UUID
    reason: CorrectionReason
    visit_occurred_on: date | None = None
    monthly_turnover_rupiah: Rupiah | None = None
    monthly_income_rupiah: Rupiah | None = None
    family_working_hours: HoursPerWeek | None = None
    asset_state: AssetState | None = None
    baseline_income_rupiah: Rupiah | None = None


async def correct_visit(tx: Transaction, command: CorrectVisit) -> UUID:
    """Keep old and new figures until the decision; returns the correction's id.

    Raises VisitNotFound, VisitNotRecorded, VisitDateInFuture, CorrectionOpen, NothingChanged.
    """
    plan, visit = await load_plan_of_visit(tx, command.visit_id, for_update=True)
    if command.visit_occurred_on is not None and command.visit_occurred_on > tx.today:
        raise VisitDateInFuture(visit_id=visit.id)
    if await has_open_correction(tx, visit.id):
        raise CorrectionOpen(visit_id=visit.id)
    old = current_figures(plan, visit)
    new = _mended(old, command)
    correction = VisitCorrection(tx.new_id(), plan.id, visit.id, old, new, command.reason, tx.officer.identity)
    await insert_correction(tx, plan, correction, tx.now)
    return correction.id


def current_figures(plan: MentoringPlan, visit: Visit) -> Figures:
    """The figures of a visit as they stand. Raises VisitNotRecorded."""
    occurred_on, outcome, _ = visit.record
    return Figures(occurred_on, outcome, plan.baseline_income_rupiah)


def _mended(old: Figures, command: CorrectVisit) -> Figures:
    given = command.model_dump(exclude_none=True, exclude={"visit_id", "reason"})
    occurred_on = given.pop("visit_occurred_on", old.occurred_on)
    baseline = given.pop("baseline_income_rupiah", old.baseline_income_rupiah)
    return Figures(occurred_on, replace(old.outcome, **given), baseline)
