"""A handover session is closed when everybody invited was served or recorded as absent."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.disbursement.domain.facts import Trail
from services.disbursement.store.handovers import expected_count, load_session, save_session
from services.disbursement.store.ledger import About, LogLine, log_acts
from services.disbursement.usecases.record_changes import occasion_of


class CloseHandoverSession(DatedCommand):
    """Close a session."""


async def close_handover_session(tx: Transaction, session_id: UUID, command: CloseHandoverSession) -> UUID:
    """Close it; returns its id. Raises SessionNotFound, SessionClosed, RecipientsStillExpected."""
    session = await load_session(tx, session_id, for_update=True)
    session.close(await expected_count(tx, session.id))
    await save_session(tx, session)
    about = About(session.programme_id, session.agency, session.region_code)
    trail = Trail("handover_session_closed", session.id)
    await log_acts(tx, [LogLine(about, trail, occasion_of(tx, command))])
    return session.id
