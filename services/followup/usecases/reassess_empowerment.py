"""Judging a family by the rule again, after every new or corrected figure."""

from chassis.transaction import Transaction
from services.followup.domain.empowerment import Empowerment
from services.followup.domain.plan import MentoringPlan
from services.followup.store.empowerments import insert_empowerment, load_current_empowerment, save_empowerment
from services.followup.store.graduations import load_live_graduation, save_graduation
from services.followup.store.rules import load_rule


async def reassess_empowerment(tx: Transaction, plan: MentoringPlan) -> None:
    """Make, renew or drop the candidature of a locked plan; flag a graduation that lost its ground.

    The rule is the one in force on the day of the last visit, so that late entry is judged as it would have been.
    """
    last = plan.recorded_visits[-1]
    visited_on, _, mentor = last.record
    rule = await load_rule(tx, visited_on)
    met = not rule.shortfalls(plan)
    current = await load_current_empowerment(tx, plan.id)
    if current is None:
        if met:
            await insert_empowerment(tx, plan, Empowerment(tx.new_id(), plan.id, rule.version, last.id, mentor))
        return
    if current.reassess(rule.version, last.id, mentor, met):
        await save_empowerment(tx, current)
        live = await load_live_graduation(tx, plan.id)
        if live is not None and live.flag(current.in_doubt):
            await save_graduation(tx, live)
