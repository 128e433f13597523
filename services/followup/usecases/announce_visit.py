"""The day of a planned visit has come."""

from uuid import UUID

from chassis.transaction import Transaction
from services.followup.outgoing import publish_facts
from services.followup.store.plans import load_plan, save_plan


async def announce_visit(tx: Transaction, plan_id: UUID, visit_number: int) -> None:
    """Tell that the visit is due, unless it was recorded before or the plan rests."""
    plan = await load_plan(tx, plan_id, for_update=True)
    visit = plan.visit(visit_number)
    if visit.due_on > tx.today:
        return  # the date was moved on after this timer was set; the new date has a timer of its own
    # The reason of a handover entered long after its date is also why this day is announced late.
    late = plan.handover.late_entry_reason if visit.due_on < tx.today else None
    due = plan.announce(visit, tx.now, late)
    if due is not None:
        await save_plan(tx, plan, visit)
        publish_facts(tx, plan, due)
