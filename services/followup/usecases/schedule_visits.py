"""Durable timers of a plan's visits."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from chassis.consumer import Delivered
from chassis.transaction import Transaction
from services.followup.domain.plan import MentoringPlan, PlanState

VISIT_DUE = "visit_due"
"""Timer kind; its subject is the plan, so that a plan's timers are cancelled by one statement."""


async def schedule_visits(
    tx: Transaction, *plans: MentoringPlan, causes: Mapping[UUID, Delivered[Any]] | None = None
) -> None:
    """Set a timer at the start of the day, in the zone of the region, of every visit to come in active plans.

    A day already past fires at once. Whether a visit still needs announcing is decided when its timer fires.
    `causes` names the event behind each plan's visits, by plan.
    """
    visits = [
        (plan, visit)
        for plan in plans
        if plan.state is PlanState.ACTIVE
        for visit in plan.open_visits
        if visit.announced_at is None
    ]
    await tx.schedule_all(
        VISIT_DUE,
        [
            (datetime.combine(visit.due_on, time.min, tx.zone), plan.id, {"visit_number": visit.number})
            for plan, visit in visits
        ],
        causes,
        {plan.id: plan.case_id for plan, _ in visits},
    )
