"""Counts of one programme, within the officer's scope.

Counting grows with what is counted: a programme's people are a bound that everything in all years is not.
"""

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Column, Table, func, select

from chassis.paging import in_scope
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


async def summarise(tx: Transaction, programme_id: UUID) -> Summary:
    """Where the programme's plans stand, their visits, and what came of them."""
    return Summary(
        plans=await _by_state(tx, p, programme_id),
        visits=await _visits(tx, programme_id),
        empowerments=await _by_state(tx, empowerment, programme_id),
        empowered_in_doubt=await _count(tx, empowerment.c.in_doubt, programme_id),
        graduations=await _by_state(tx, graduation, programme_id),
        graduations_flagged=await _count(tx, graduation.c.flagged, programme_id),
    )


async def _by_state(tx: Transaction, table: Table, programme_id: UUID) -> dict[str, int]:
    query = select(table.c.state, func.count()).where(table.c.programme_id == programme_id, in_scope(tx, table))
    return {row[0]: row[1] for row in await tx.fetch_all(query.group_by(table.c.state))}


async def _count(tx: Transaction, mark: Column[bool], programme_id: UUID) -> int:
    query = select(func.count()).where(mark.table.c.programme_id == programme_id, in_scope(tx, mark.table), mark)
    return int(await tx.scalar(query))


async def _visits(tx: Transaction, programme_id: UUID) -> VisitCounts:
    recorded = visit.c.recorded_at.is_not(None)
    open_ = visit.c.recorded_at.is_(None) & (p.c.state == "active")
    overdue_before = tx.today - timedelta(days=OVERDUE_AFTER_DAYS)
    query = select(
        func.count().filter(recorded).label("recorded"),
        func.count().filter(open_, visit.c.due_on.between(overdue_before, tx.today)).label("due"),
        func.count().filter(open_, visit.c.due_on < overdue_before).label("overdue"),
        func.count().filter(open_, visit.c.due_on > tx.today).label("planned"),
    ).join_from(visit, p, p.c.id == visit.c.plan_id)
    row = (await tx.execute(query.where(p.c.programme_id == programme_id, in_scope(tx, p)))).one()
    return VisitCounts(recorded=row.recorded, due=row.due, overdue=row.overdue, planned=row.planned)
