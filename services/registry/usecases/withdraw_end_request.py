"""A graduation was taken back: cancel the open request, or give back what was ended for it."""

from chassis.events import Delivered
from chassis.transaction import Transaction
from contracts.envelope import case_id
from contracts.followup import GraduationWithdrawnV1
from services.registry import outgoing
from services.registry.domain.act import Act
from services.registry.domain.end_request import RequestState
from services.registry.domain.membership import MembershipChange
from services.registry.store import assistance, people


async def withdraw_end_request(tx: Transaction, event: Delivered[GraduationWithdrawnV1], owner: str) -> None:
    """Cancel or restore. A withdrawal heard before its proposal leaves a cancelled request, so that none opens."""
    withdrawn = event.data
    await people.lock_person(tx, withdrawn.person_id)
    await assistance.open_request(
        tx,
        {
            "graduation_id": withdrawn.graduation_id,
            "agency": owner,
            "region_code": await people.region_of(tx, withdrawn.person_id),
            "person_id": withdrawn.person_id,
            "family_id": withdrawn.family_id,
            "programme_id": withdrawn.programme_id,
            "case_id": event.case or case_id(withdrawn.programme_id, withdrawn.person_id),
            "state": RequestState.CANCELLED.value,
        },
    )
    request = await assistance.load_request(tx, withdrawn.graduation_id)
    memberships = await assistance.load_memberships(tx, request.family_id, for_update=True)
    ended = [member for member in memberships if member.ended_by == request.graduation_id]
    restored = request.withdraw(withdrawn.occurred_on, memberships)
    await assistance.save_request(tx, request)
    if restored is not None:
        cause = request.graduation_id
        await assistance.save_memberships(tx, ended, MembershipChange.RESTORED, withdrawn.occurred_on, cause)
        late = withdrawn.late_entry_reason.value if withdrawn.late_entry_reason else None
        fact = outgoing.assistance_answered(restored, request, Act(withdrawn.occurred_on, late, owner))
        tx.publish(fact, sequence=request.version, cause=event)
