"""An officer asks the owner of the family's social assistance to end it."""

from datetime import datetime, time, timedelta
from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.followup.domain.graduation import Graduation, answer_due_on, propose
from services.followup.outgoing import publish_facts, when_of
from services.followup.store.empowerments import load_current_empowerment
from services.followup.store.graduations import insert_graduation, load_live_graduation
from services.followup.store.plans import load_plan, save_plan
from services.followup.store.rules import load_rule

ANSWER_DUE = "graduation_answer_due"
"""Timer kind; its subject is the graduation. Never cancelled: when it fires it looks whether it still matters."""


class ProposeGraduation(DatedCommand):
    """The family's plan."""

    plan_id: UUID


async def propose_graduation(tx: Transaction, command: ProposeGraduation) -> UUID:
    """Propose, with a date by which the owner should answer; returns the graduation's id.

    Raises PlanNotFound, MentoringEnded, NotEmpowered, EmpowermentInDoubt, GraduationOpen, AlreadyGraduated.
    """
    plan = await load_plan(tx, command.plan_id, for_update=True)
    when = when_of(command)
    due_on = answer_due_on(await load_rule(tx, command.occurred_on), when, tx.today)
    graduation = Graduation(tx.new_id(), plan.id, tx.officer.identity, due_on, command.occurred_on)
    empowerment = await load_current_empowerment(tx, plan.id)
    proposed = propose(plan, empowerment, await load_live_graduation(tx, plan.id), graduation, when)
    await insert_graduation(tx, plan, graduation)
    await save_plan(tx, plan)
    # The owner has until the end of the due day.
    end_of_day = datetime.combine(due_on + timedelta(days=1), time.min, tx.zone)
    await tx.schedule(ANSWER_DUE, end_of_day, graduation.id, case=plan.case_id)
    publish_facts(tx, plan, proposed)
    return graduation.id
