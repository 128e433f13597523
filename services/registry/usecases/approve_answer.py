"""Second officer of the assistance's owner approves the answer, and it takes effect."""

from uuid import UUID

from chassis.commands import Command
from chassis.transaction import Transaction
from services.registry import outgoing
from services.registry.domain.act import Act
from services.registry.domain.end_request import AnswerFact, AssistanceEnded, AssistanceEndRefused, EndRequest
from services.registry.domain.membership import Membership, MembershipChange
from services.registry.store import assistance, people


class ApproveAnswer(Command):
    """Approval of the version that was seen; the date of the act is the proposal's."""

    version: int


async def approve_answer(tx: Transaction, graduation_id: UUID, command: ApproveAnswer) -> UUID:
    """Change the memberships and answer the graduation; raises what `EndRequest.approve` raises."""
    scope = await assistance.request_scope(tx, graduation_id)
    await people.lock_person(tx, scope.person_id)
    request = await assistance.load_request(tx, graduation_id)
    memberships = await assistance.load_memberships(tx, request.family_id, for_update=True)
    versions = {member.id: member.version for member in memberships}
    fact = request.approve(tx.officer.identity, command.version, memberships)
    await assistance.save_request(tx, request)
    if fact is None or request.decided is None:
        return graduation_id
    act = Act(request.decided.occurred_on, request.decided.late_entry_reason, request.agency)
    changed = [member for member in memberships if member.version != versions[member.id]]
    await _save_changed(tx, request, fact, changed)
    tx.publish(outgoing.assistance_answered(fact, request, act), sequence=request.version, case=scope.case_id)
    return graduation_id


async def _save_changed(tx: Transaction, request: EndRequest, fact: AnswerFact, changed: list[Membership]) -> None:
    if isinstance(fact, AssistanceEndRefused):
        return
    ended = isinstance(fact, AssistanceEnded)
    occurred_on = fact.ended_on if isinstance(fact, AssistanceEnded) else fact.restored_on
    change = MembershipChange.ENDED if ended else MembershipChange.RESTORED
    await assistance.save_memberships(tx, changed, change, occurred_on, request.graduation_id)
