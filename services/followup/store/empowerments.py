"""Candidates for empowerment and what became of them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from chassis.rows import written
from chassis.transaction import Transaction
from services.followup.domain.empowerment import Empowerment, EmpowermentState, ReturnReason
from services.followup.domain.errors import EmpowermentNotFound
from services.followup.domain.plan import MentoringPlan
from services.followup.store.tables import empowerment


async def load_empowerment(tx: Transaction, empowerment_id: UUID) -> Empowerment:
    """A candidate; the lock is the plan's. Raises EmpowermentNotFound."""
    row = await tx.fetch_one(select(empowerment).where(empowerment.c.id == empowerment_id))
    if row is None:
        raise EmpowermentNotFound(empowerment_id=empowerment_id)
    return empowerment_of(row)


async def load_current_empowerment(tx: Transaction, plan_id: UUID) -> Empowerment | None:
    """The open candidate or the confirmed empowerment of a plan."""
    current = written(empowerment.c.state, EmpowermentState.CANDIDATE.value, EmpowermentState.CONFIRMED.value)
    row = await tx.fetch_one(select(empowerment).where(empowerment.c.plan_id == plan_id, current))
    return empowerment_of(row) if row else None


async def insert_empowerment(tx: Transaction, plan: MentoringPlan, candidate: Empowerment) -> None:
    """Write a new candidate."""
    fixed = {
        "id": candidate.id,
        "plan_id": plan.id,
        "programme_id": plan.programme_id,
        "agency": plan.agency,
        "region_code": plan.region_code,
    }
    await tx.execute(insert(empowerment).values(_row(candidate) | fixed))


async def save_empowerment(tx: Transaction, candidate: Empowerment, checked_on: date | None = None) -> None:
    """Write a loaded candidate."""
    row = _row(candidate) | ({"checked_on": checked_on} if checked_on else {})
    await tx.execute(update(empowerment).where(empowerment.c.id == candidate.id).values(row))


def empowerment_of(row: Row[Any]) -> Empowerment:
    """The candidate a row holds."""
    return Empowerment(
        id=row.id,
        plan_id=row.plan_id,
        rule_version=row.rule_version,
        last_visit_id=row.last_visit_id,
        maker=row.maker,
        state=EmpowermentState(row.state),
        in_doubt=row.in_doubt,
        checker=row.checker,
        return_reason=ReturnReason(row.return_reason) if row.return_reason else None,
        version=row.version,
    )


def _row(candidate: Empowerment) -> dict[str, Any]:
    return {
        "rule_version": candidate.rule_version,
        "last_visit_id": candidate.last_visit_id,
        "maker": candidate.maker,
        "state": candidate.state.value,
        "in_doubt": candidate.in_doubt,
        "checker": candidate.checker,
        "return_reason": candidate.return_reason.value if candidate.return_reason else None,
        "version": candidate.version,
    }
