"""Graduations, and every answer that came to them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from chassis.rows import written
from chassis.transaction import Transaction
from services.followup.domain.errors import GraduationNotFound
from services.followup.domain.graduation import LIVE_STATES, Graduation, GraduationState, WithdrawalReason
from services.followup.domain.plan import MentoringPlan
from services.followup.store.plans import load_plan
from services.followup.store.tables import graduation, graduation_answer


async def find_plan_id(tx: Transaction, graduation_id: UUID) -> UUID | None:
    """The plan of a graduation, if there is such a graduation."""
    found: UUID | None = await tx.scalar(select(graduation.c.plan_id).where(graduation.c.id == graduation_id))
    return found


async def lock_graduation(tx: Transaction, graduation_id: UUID) -> tuple[MentoringPlan, Graduation]:
    """A graduation under the lock of its plan. Raises GraduationNotFound."""
    plan_id = await find_plan_id(tx, graduation_id)
    if plan_id is None:
        raise GraduationNotFound(graduation_id=graduation_id)
    plan = await load_plan(tx, plan_id, for_update=True)
    row = await tx.fetch_one(select(graduation).where(graduation.c.id == graduation_id))
    if row is None:
        raise GraduationNotFound(graduation_id=graduation_id)
    return plan, graduation_of(row)


async def load_live_graduation(tx: Transaction, plan_id: UUID) -> Graduation | None:
    """The open or completed graduation of a plan: there is at most one."""
    live = written(graduation.c.state, *(state.value for state in LIVE_STATES))
    row = await tx.fetch_one(select(graduation).where(graduation.c.plan_id == plan_id, live))
    return graduation_of(row) if row else None


async def insert_graduation(tx: Transaction, plan: MentoringPlan, proposed: Graduation) -> None:
    """Write a new proposal."""
    fixed = {
        "id": proposed.id,
        "plan_id": plan.id,
        "programme_id": plan.programme_id,
        "agency": plan.agency,
        "region_code": plan.region_code,
        "maker": proposed.maker,
        "proposed_on": proposed.proposed_on,
        "answer_due_on": proposed.answer_due_on,
    }
    await tx.execute(insert(graduation).values(_row(proposed) | fixed))


async def save_graduation(tx: Transaction, changed: Graduation, **withdrawal: Any) -> None:
    """Write a loaded graduation, with `withdrawn_by` and `withdrawn_on` when it is taken back."""
    await tx.execute(update(graduation).where(graduation.c.id == changed.id).values(_row(changed) | withdrawal))


async def insert_answer(
    tx: Transaction,
    event_id: UUID,
    graduation_id: UUID,
    kind: str,
    occurred_on: date,
    codes: Sequence[str],
    state_before: GraduationState | None,
) -> None:
    """Keep an answer as it came."""
    await tx.execute(
        insert(graduation_answer).values(
            event_id=event_id,
            graduation_id=graduation_id,
            kind=kind,
            occurred_on=occurred_on,
            codes=list(codes),
            state_before=state_before.value if state_before else None,
            heard_at=tx.now,
        )
    )


async def find_answers(tx: Transaction, graduation_id: UUID) -> Sequence[Row[Any]]:
    """Answers to a graduation in the order of their arrival."""
    query = select(graduation_answer).where(graduation_answer.c.graduation_id == graduation_id)
    return await tx.fetch_all(query.order_by(graduation_answer.c.heard_at))


def graduation_of(row: Row[Any]) -> Graduation:
    """The graduation a row holds."""
    return Graduation(
        id=row.id,
        plan_id=row.plan_id,
        maker=row.maker,
        answer_due_on=row.answer_due_on,
        proposed_on=row.proposed_on,
        state=GraduationState(row.state),
        flagged=row.flagged,
        withdrawal_reason=WithdrawalReason(row.withdrawal_reason) if row.withdrawal_reason else None,
        refusal_reason=row.refusal_reason,
        ended_on=row.ended_on,
        schemes=tuple(row.schemes),
        restored_on=row.restored_on,
        version=row.version,
    )


def _row(each: Graduation) -> dict[str, Any]:
    return {
        "state": each.state.value,
        "flagged": each.flagged,
        "withdrawal_reason": each.withdrawal_reason.value if each.withdrawal_reason else None,
        "refusal_reason": each.refusal_reason,
        "ended_on": each.ended_on,
        "schemes": list(each.schemes),
        "restored_on": each.restored_on,
        "version": each.version,
    }


async def find_graduations_of_plan(tx: Transaction, plan_id: UUID) -> list[Graduation]:
    """All graduations of a plan, oldest first."""
    query = select(graduation).where(graduation.c.plan_id == plan_id).order_by(graduation.c.id)
    return [graduation_of(row) for row in await tx.fetch_all(query)]
