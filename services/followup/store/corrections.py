"""Corrections of visits, with the old and the new values."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from chassis.rows import written
from chassis.transaction import Transaction
from services.followup.domain.correction import CorrectionReason, CorrectionState, Figures, VisitCorrection
from services.followup.domain.errors import CorrectionNotFound
from services.followup.domain.outcome import AssetState, Outcome
from services.followup.domain.plan import MentoringPlan
from services.followup.store.tables import visit_correction


async def load_correction(tx: Transaction, correction_id: UUID) -> VisitCorrection:
    """A correction; the lock is the plan's. Raises CorrectionNotFound."""
    row = await tx.fetch_one(select(visit_correction).where(visit_correction.c.id == correction_id))
    if row is None:
        raise CorrectionNotFound(correction_id=correction_id)
    return correction_of(row)


async def has_open_correction(tx: Transaction, visit_id: UUID) -> bool:
    """Whether a correction of the visit waits for approval."""
    query = select(visit_correction.c.id).where(
        visit_correction.c.visit_id == visit_id, written(visit_correction.c.state, CorrectionState.OPEN.value)
    )
    return await tx.scalar(query) is not None


async def insert_correction(tx: Transaction, plan: MentoringPlan, correction: VisitCorrection, now: datetime) -> None:
    """Write a new correction."""
    row = _row(correction) | {"agency": plan.agency, "region_code": plan.region_code, "made_at": now}
    await tx.execute(insert(visit_correction).values(row))


async def save_correction(tx: Transaction, correction: VisitCorrection, now: datetime) -> None:
    """Write the decision on a correction."""
    await tx.execute(
        update(visit_correction)
        .where(visit_correction.c.id == correction.id)
        .values(state=correction.state.value, checker=correction.checker, checked_at=now, version=correction.version)
    )


def correction_of(row: Row[Any]) -> VisitCorrection:
    """The correction a row holds."""
    return VisitCorrection(
        id=row.id,
        plan_id=row.plan_id,
        visit_id=row.visit_id,
        old=_figures(row.old_values),
        new=_figures(row.new_values),
        reason=CorrectionReason(row.reason),
        maker=row.maker,
        state=CorrectionState(row.state),
        checker=row.checker,
        version=row.version,
    )


def _row(correction: VisitCorrection) -> dict[str, Any]:
    return {
        "id": correction.id,
        "plan_id": correction.plan_id,
        "visit_id": correction.visit_id,
        "old_values": figures_json(correction.old),
        "new_values": figures_json(correction.new),
        "changed_fields": [name.value for name in correction.changed_fields],
        "reason": correction.reason.value,
        "state": correction.state.value,
        "maker": correction.maker,
        "version": correction.version,
    }


def figures_json(figures: Figures) -> dict[str, Any]:
    """Figures as they are kept and shown."""
    return {
        "occurred_on": figures.occurred_on.isoformat(),
        "monthly_turnover_rupiah": figures.outcome.monthly_turnover_rupiah,
        "monthly_income_rupiah": figures.outcome.monthly_income_rupiah,
        "family_working_hours": figures.outcome.family_working_hours,
        "asset_state": figures.outcome.asset_state.value,
        "baseline_income_rupiah": figures.baseline_income_rupiah,
    }


def _figures(kept: dict[str, Any]) -> Figures:
    outcome = Outcome(
        kept["monthly_turnover_rupiah"],
        kept["monthly_income_rupiah"],
        kept["family_working_hours"],
        AssetState(kept["asset_state"]),
    )
    return Figures(date.fromisoformat(kept["occurred_on"]), outcome, kept["baseline_income_rupiah"])
