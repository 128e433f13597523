"""Corrections of visits, with old and new values."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from chassis.paging import Page, PageRequest, fetch_scoped_page
from chassis.transaction import Transaction
from services.followup.domain.correction import CorrectionReason, CorrectionState
from services.followup.domain.outcome import AssetState, VisitField
from services.followup.store.tables import visit_correction as c


class CorrectionFilter(PageRequest):
    """Which corrections."""

    state: CorrectionState | None = None
    visit_id: UUID | None = None


class FiguresView(BaseModel):
    """All values a correction may change."""

    occurred_on: date
    monthly_turnover_rupiah: int
    monthly_income_rupiah: int
    family_working_hours: int
    asset_state: AssetState
    baseline_income_rupiah: int | None


class CorrectionView(BaseModel):
    """One correction, its maker and checker."""

    correction_id: UUID
    plan_id: UUID
    visit_id: UUID
    old: FiguresView
    new: FiguresView
    changed_fields: list[VisitField]
    reason: CorrectionReason
    state: CorrectionState
    maker: str
    made_at: datetime
    checker: str | None
    checked_at: datetime | None
    version: int


async def list_corrections(tx: Transaction, wanted: CorrectionFilter) -> Page[CorrectionView]:
    """Corrections by agency, village and id."""
    equal = {"state": wanted.state and wanted.state.value, "visit_id": wanted.visit_id}
    found = await fetch_scoped_page(tx, select(c), c, wanted.after, wanted.limit, equal=equal)
    items = [
        CorrectionView(
            correction_id=row.id,
            plan_id=row.plan_id,
            visit_id=row.visit_id,
            old=FiguresView(**row.old_values),
            new=FiguresView(**row.new_values),
            changed_fields=row.changed_fields,
            reason=row.reason,
            state=row.state,
            maker=row.maker,
            made_at=row.made_at,
            checker=row.checker,
            checked_at=row.checked_at,
            version=row.version,
        )
        for row in found.rows
    ]
    return Page(items=items, next=found.next)
