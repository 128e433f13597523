"""First officer of the assistance's owner proposes to end it, to keep it, or to give it back."""

from datetime import date
from uuid import UUID

from chassis.commands import DatedCommand, DateInFuture
from chassis.transaction import Transaction
from services.registry.domain.end_request import Answer, EndRefusalReason, ProposedAnswer
from services.registry.store import assistance


class ProposeAnswer(DatedCommand):
    """`end` with `ended_on`, `refuse` with `refusal_reason`, or `restore` what was ended by mistake."""

    answer: Answer
    ended_on: date | None = None
    refusal_reason: EndRefusalReason | None = None


async def propose_answer(tx: Transaction, graduation_id: UUID, command: ProposeAnswer) -> UUID:
    """Keep the proposed answer; returns the request's id.

    Raises `DateInFuture` for an end that is still to come, and what `EndRequest.propose` raises.
    """
    if command.ended_on is not None and command.ended_on > tx.today:
        raise DateInFuture(occurred_on=command.ended_on, today=tx.today)
    scope = await assistance.request_scope(tx, graduation_id)
    request = await assistance.load_request(tx, graduation_id)
    answer = ProposedAnswer(
        id=tx.new_id(),
        answer=command.answer,
        maker=tx.officer.identity,
        occurred_on=command.occurred_on,
        late_entry_reason=command.late_entry_reason,
        ended_on=command.ended_on,
        refusal_reason=command.refusal_reason,
    )
    request.propose(answer)
    await assistance.save_request(tx, request)
    await assistance.insert_answer(tx, request, answer, scope.region_code)
    return graduation_id
