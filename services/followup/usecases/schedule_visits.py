"""Durable timers of a plan's visits."""

from datetime import datetime, time

from chassis.transaction import Transaction
from services.followup.domain.plan import MentoringPlan, PlanState

VISIT_DUE = "visit_due"
"""Timer kind; its subject is the plan, so that a plan's timers are cancelled by one statement."""


async def schedule_visits(tx: Transaction, plan: MentoringPlan) -> None:
    """Set a timer at the start of the day, in the zone of the region, of every visit to come.

    A day already past fires at once. Whether a visit still needs announcing is decided when its timer fires.
    """
    if plan.state is not PlanState.ACTIVE:
        return
    for visit in plan.open_visits:
        if visit.announced_at is None:
            due_at = datetime.combine(visit.due_on, time.min, tx.zone)
            await tx.schedule(VISIT_DUE, due_at, plan.id, {"visit_number": visit.number})
