"""Handover sessions, invitations, and the outcomes of handovers by list."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update

from chassis.ids import new_id
from chassis.rows import insert_rows, inserting, one_of, written
from chassis.transaction import Transaction
from chassis.writes import Write
from services.disbursement.domain.grant import Grant
from services.disbursement.domain.handover import AppointmentState, HandoverSession, SessionNotFound, SessionState
from services.disbursement.store import handover_tables as h

_SERVE_APPOINTMENTS = """
UPDATE appointment SET state = CASE WHEN session_id = :@session_id THEN 'served' ELSE 'replaced' END
WHERE grant_id = ANY (CAST(:@grant_ids AS uuid[])) AND state = 'expected'
"""


async def insert_session(tx: Transaction, session: HandoverSession) -> None:
    """Store a new session."""
    await tx.execute(
        insert(h.handover_session).values(
            id=session.id,
            programme_id=session.programme_id,
            agency=session.agency,
            region_code=session.region_code,
            place_code=session.place_code,
            place_name=session.place_name,
            held_on=session.held_on,
            symbolic=session.symbolic,
            state=session.state.value,
            version=session.version,
            recorded_at=tx.now,
        )
    )


async def load_session(
    tx: Transaction, session_id: UUID, *, for_update: bool = False, for_share: bool = False
) -> HandoverSession:
    """One session; locked for changing it, or for share: it stays as it is until the commit. Raises SessionNotFound."""
    statement = select(h.handover_session).where(h.handover_session.c.id == session_id)
    if for_update or for_share:
        statement = statement.with_for_update(read=for_share, key_share=not for_share)
    row = await tx.fetch_one(statement)
    if row is None:
        raise SessionNotFound(session_id=session_id)
    return HandoverSession(
        id=row.id,
        programme_id=row.programme_id,
        agency=row.agency,
        region_code=row.region_code,
        place_code=row.place_code,
        place_name=row.place_name,
        held_on=row.held_on,
        symbolic=row.symbolic,
        state=SessionState(row.state),
        version=row.version,
    )


async def save_session(tx: Transaction, session: HandoverSession) -> None:
    """Save state and version."""
    await tx.execute(
        update(h.handover_session)
        .where(h.handover_session.c.id == session.id)
        .values(state=session.state.value, version=session.version)
    )


async def invite(tx: Transaction, session_id: UUID, grants: Sequence[Grant]) -> None:
    """Write invitations; an earlier one that is still open is replaced. The grants are locked."""
    columns = h.appointment.c
    await tx.execute(
        update(h.appointment)
        .where(
            one_of(columns.grant_id, [grant.id for grant in grants]),
            written(columns.state, AppointmentState.EXPECTED.value),
        )
        .values(state=AppointmentState.REPLACED.value)
    )
    now = tx.now
    rows = [
        {
            "id": new_id(),
            "session_id": session_id,
            "grant_id": grant.id,
            "person_id": grant.person_id,
            "state": AppointmentState.EXPECTED.value,
            "recorded_at": now,
        }
        for grant in grants
    ]
    await insert_rows(tx, h.appointment, rows)


async def settle_appointments(
    tx: Transaction, grant_ids: Sequence[UUID], state: AppointmentState, session_id: UUID | None = None
) -> set[UUID]:
    """Close open invitations (of one session, or any); returns the grants that had one."""
    columns = h.appointment.c
    expected = written(columns.state, AppointmentState.EXPECTED.value)
    statement = update(h.appointment).where(one_of(columns.grant_id, grant_ids), expected)
    if session_id is not None:
        statement = statement.where(columns.session_id == session_id)
    rows = await tx.execute(statement.values(state=state.value).returning(columns.grant_id))
    return {row.grant_id for row in rows.all()}


def serving_appointments(grant_ids: Sequence[UUID], session_id: UUID) -> Write:
    """The grants' recipients came to this session: who was invited to another one is expected there no more."""
    return Write(_SERVE_APPOINTMENTS, {"grant_ids": list(grant_ids), "session_id": session_id})


async def expected_count(tx: Transaction, session_id: UUID) -> int:
    """How many invited recipients are neither served nor recorded as absent."""
    found = await tx.scalar(
        text("SELECT count(*) FROM appointment WHERE session_id = :id AND state = 'expected'"), {"id": session_id}
    )
    return int(found)


async def insert_list(tx: Transaction, list_id: UUID, session: HandoverSession) -> None:
    """Store a handover by list."""
    await tx.execute(
        insert(h.handover_list).values(
            id=list_id,
            session_id=session.id,
            agency=session.agency,
            region_code=session.region_code,
            officer=tx.officer.identity,
            recorded_at=tx.now,
        )
    )


def listing(rows: Sequence[dict[str, Any]]) -> Write:
    """Each line's outcome: a BAST or a refusal's code."""
    return inserting(h.handover_list_line, rows)
