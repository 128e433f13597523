"""Further visits, as when the owner of the assistance refused the graduation and mentoring goes on."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.followup.outgoing import publish_facts, when_of
from services.followup.store.plans import insert_visits, load_plan, save_plan
from services.followup.usecases.schedule_visits import schedule_visits


class FurtherVisits(DatedCommand):
    """How many more visits."""

    further_visits: Annotated[int, Field(strict=True, ge=1, le=12)]


class ExtendMentoring(FurtherVisits):
    """The plan to extend."""

    plan_id: UUID


async def extend_mentoring(tx: Transaction, command: ExtendMentoring) -> UUID:
    """Add visits at the plan's interval; returns the plan's id.

    Raises PlanNotFound, MentoringEnded, ScheduleOutOfRange.
    """
    plan = await load_plan(tx, command.plan_id, for_update=True)
    count_before = len(plan.visits)
    planned = plan.extend([tx.new_id() for _ in range(command.further_visits)], when_of(command))
    await save_plan(tx, plan)
    await insert_visits(tx, plan, plan.visits[count_before:])
    await schedule_visits(tx, plan)
    publish_facts(tx, plan, planned)
    return plan.id
