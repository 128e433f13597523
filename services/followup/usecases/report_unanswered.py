"""The date by which a graduation should have been answered is over."""

from uuid import UUID

from chassis.transaction import Transaction
from services.followup.outgoing import publish_facts
from services.followup.store.graduations import lock_graduation, save_graduation
from services.followup.store.plans import save_plan


async def report_unanswered(tx: Transaction, graduation_id: UUID) -> None:
    """Say so once, unless it was answered or withdrawn; the proposal stays open."""
    plan, graduation = await lock_graduation(tx, graduation_id)
    unanswered = graduation.deadline_passed(plan)
    if unanswered is not None:
        await save_graduation(tx, graduation)
        await save_plan(tx, plan)
        publish_facts(tx, plan, unanswered)
