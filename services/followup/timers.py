"""Due dates of follow-up."""

from chassis.timers import Timer, Timers
from chassis.transaction import Transaction
from services.followup.usecases.announce_visit import announce_visit
from services.followup.usecases.propose_graduation import ANSWER_DUE
from services.followup.usecases.report_unanswered import report_unanswered
from services.followup.usecases.schedule_visits import VISIT_DUE

timers = Timers()


@timers.on(VISIT_DUE)
async def visit_due(tx: Transaction, timer: Timer) -> None:
    """The day of a visit began."""
    await announce_visit(tx, timer.subject_id, int(timer.data["visit_number"]))


@timers.on(ANSWER_DUE)
async def graduation_answer_due(tx: Transaction, timer: Timer) -> None:
    """The last day for an answer is over."""
    await report_unanswered(tx, timer.subject_id)
