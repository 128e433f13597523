"""Recipients are invited to a handover session, by list; a later invitation replaces an earlier one."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.disbursement.domain.handover import SessionOfOtherProgramme
from services.disbursement.outgoing import Change
from services.disbursement.store.grants import lock_grants
from services.disbursement.store.handovers import invite, load_session
from services.disbursement.store.projections import not_active
from services.disbursement.usecases.record_changes import occasion_of, record_changes


class ScheduleRecipients(DatedCommand):
    """Invite the recipients of decided grants."""

    grant_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=2000)]


async def schedule_recipients(tx: Transaction, session_id: UUID, command: ScheduleRecipients) -> UUID:
    """Invite all or none; returns the session's id.

    Raises SessionNotFound, SessionClosed, GrantNotFound, GrantNotInState, SessionOfOtherProgramme,
    RecipientNotActive.
    """
    session = await load_session(tx, session_id, for_update=True)
    session.require_planned()
    grants = await lock_grants(tx, list(dict.fromkeys(command.grant_ids)))
    occasion = occasion_of(tx, command)
    changes = []
    gone = await not_active(tx, [grant.person_id for grant in grants])
    for grant in grants:
        if grant.programme_id != session.programme_id:
            raise SessionOfOtherProgramme(grant_id=grant.id, session_id=session.id)
        fact = grant.schedule(
            session.id,
            session.held_on,
            session.place_code,
            session.region_code,
            recipient_active=grant.person_id not in gone,
        )
        changes.append(Change(grant, fact, occasion))
    await invite(tx, session.id, grants)
    await record_changes(tx, changes)
    return session.id
