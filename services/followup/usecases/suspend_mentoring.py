"""A handover was voided: mentoring rests until a replacement, or for good."""

from collections.abc import Sequence
from typing import Any

from chassis.consumer import Delivered
from chassis.transaction import Transaction
from contracts.disbursement import GrantCancelledV1, HandoverVoidedV1
from services.followup.domain.plan import Hold, MentoringPlan
from services.followup.outgoing import publish_facts, when_heard
from services.followup.store.plans import lock_plans_of_grants, save_plan
from services.followup.usecases.schedule_visits import VISIT_DUE


async def suspend_mentoring(tx: Transaction, events: Sequence[Delivered[HandoverVoidedV1]]) -> None:
    """Suspend the plan that stands on the voided BAST. Facts of one grant come in order, so the plan is there."""
    plans = await lock_plans_of_grants(tx, (event.data.grant_id for event in events))
    for event in events:
        plan = plans.get(event.data.grant_id)
        if plan is not None and plan.handover.bast_id == event.data.bast_id:
            await hold_plan(tx, plan, Hold.HANDOVER_VOIDED, event)


async def stop_cancelled(tx: Transaction, events: Sequence[Delivered[GrantCancelledV1]]) -> None:
    """Stop the plan of a cancelled grant; a grant cancelled before its handover never had one."""
    plans = await lock_plans_of_grants(tx, (event.data.grant_id for event in events))
    for event in events:
        plan = plans.get(event.data.grant_id)
        if plan is not None:
            await hold_plan(tx, plan, Hold.GRANT_CANCELLED, event)


async def hold_plan(tx: Transaction, plan: MentoringPlan, reason: Hold, event: Delivered[Any]) -> None:
    """Let a locked plan rest, cancel its timers and say so."""
    stopped = plan.hold(reason, when_heard(event))
    if stopped is not None:
        await tx.cancel_timers(VISIT_DUE, plan.id)
        await save_plan(tx, plan)
        publish_facts(tx, plan, stopped, cause=event)
