"""End an enrolment by the person's own wish."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.training import outgoing
from services.training.domain.enrolment import WithdrawalReason
from services.training.domain.occasion import Occasion
from services.training.store import enrolments


class WithdrawEnrolmentBody(DatedCommand):
    """Why."""

    reason: WithdrawalReason


class WithdrawEnrolment(WithdrawEnrolmentBody):
    """Which enrolment."""

    enrolment_id: UUID


async def withdraw_enrolment(tx: Transaction, command: WithdrawEnrolment) -> UUID:
    """Free the place and tell of it. Raises EnrolmentUnknown, EnrolmentEnded."""
    enrolment = await enrolments.lock_enrolment(tx, command.enrolment_id)
    attended = await enrolments.sessions_attended(tx, [enrolment.enrolment_id])
    fact = enrolment.withdraw(command.reason, attended[enrolment.enrolment_id])
    occasion = Occasion(command.occurred_on, command.late_entry_reason)
    await enrolments.save_enrolments(tx, [enrolment], occasion)
    told = outgoing.outcome(enrolment, fact, occasion)
    tx.publish(told, sequence=enrolment.version, case=outgoing.case_of(enrolment))
    return enrolment.enrolment_id
