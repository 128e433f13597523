"""Invited recipients did not come; they stay decided and may be invited again."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.disbursement.domain.handover import AppointmentState, NotExpected
from services.disbursement.outgoing import Change
from services.disbursement.store.grants import lock_grants
from services.disbursement.store.handovers import load_session, settle_appointments
from services.disbursement.usecases.record_changes import occasion_of, record_changes


class RecordMissed(DatedCommand):
    """Say who did not come to a session."""

    grant_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=2000)]


async def record_missed(tx: Transaction, session_id: UUID, command: RecordMissed) -> UUID:
    """Record all or none; returns the session's id. Raises SessionNotFound, GrantNotFound, NotExpected."""
    session = await load_session(tx, session_id, for_update=True)
    session.require_planned()
    grants = await lock_grants(tx, list(dict.fromkeys(command.grant_ids)))
    expected = await settle_appointments(tx, [each.id for each in grants], AppointmentState.MISSED, session.id)
    unexpected = [grant.id for grant in grants if grant.id not in expected]
    if unexpected:
        raise NotExpected(session_id=session.id, grant_ids=[str(each) for each in unexpected[:20]])
    occasion = occasion_of(tx, command)
    await record_changes(tx, [Change(grant, grant.miss(session.id), occasion) for grant in grants])
    return session.id
