"""Counts over everything within the officer's scope."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, func, select, true

from chassis.transaction import Transaction
from services.followup.domain.schedule import OVERDUE_AFTER_DAYS
from services.followup.store.tables import empowerment, graduation, visit
from services.followup.store.tables import mentoring_plan as p


class VisitCounts(BaseModel):
    """Visits by where they stand today; those still to be made only of active plans."""

    recorded: int
    due: int
    overdue: int
    planned: int


class Summary(BaseModel):
    """Every count by state; a state that nothing is in does not appear."""

    plans: dict[str, int]
    visits: VisitCounts
    empowerments: dict[str, int]
    empowered_in_doubt: int
    graduations: dict[str, int]
    graduations_flagged: int


async def summarise(tx: Transaction, programme_id: UUID | None) -> Summary:
    """Of one programme, or of all."""
    within = p.c.programme_id == programme_id if programme_id is not None else true()
    doubted = select(func.count()).select_from(empowerment).join(p, p.c.id == empowerment.c.plan_id)
    flagged = select(func.count()).select_from(graduation).join(p, p.c.id == graduation.c.plan_id)
    return Summary(
        plans=await _by_state(tx, select(p.c.state, func.count()).where(within).group_by(p.c.state)),
        visits=await _visits(tx, within),
        empowerments=await _by_state(tx, _states_of(empowerment, within)),
        empowered_in_doubt=await tx.scalar(doubted.where(within, empowerment.c.in_doubt)),
        graduations=await _by_state(tx, _states_of(graduation, within)),
        graduations_flagged=await tx.scalar(flagged.where(within, graduation.c.flagged)),
    )


def _states_of(table: Any, within: ColumnElement[bool]) -> Select[Any]:
    query = select(table.c.state, func.count()).join(p, p.c.id == table.c.plan_id)
    return query.where(within).group_by(table.c.state)


async def _by_state(tx: Transaction, query: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in await tx.fetch_all(query)}


async def _visits(tx: Transaction, within: ColumnElement[bool]) -> VisitCounts:
    recorded = visit.c.recorded_at.is_not(None)
    open_ = visit.c.recorded_at.is_(None) & (p.c.state == "active")
    overdue_before = tx.today - timedelta(days=OVERDUE_AFTER_DAYS)
    query = select(
        func.count().filter(recorded).label("recorded"),
        func.count().filter(open_, visit.c.due_on.between(overdue_before, tx.today)).label("due"),
        func.count().filter(open_, visit.c.due_on < overdue_before).label("overdue"),
        func.count().filter(open_, visit.c.due_on > tx.today).label("planned"),
    ).join_from(visit, p, p.c.id == visit.c.plan_id)
    row = (await tx.execute(query.where(within))).one()
    return VisitCounts(recorded=row.recorded, due=row.due, overdue=row.overdue, planned=row.planned)
