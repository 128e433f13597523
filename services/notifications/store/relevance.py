"""What no longer has to be told: replaced by a newer message, its matter over, or the person gone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from chassis.transaction import Transaction
from services.notifications.domain.message import FINAL, UNREAD, Matter, Message
from services.notifications.store.messages import load_messages
from services.notifications.store.tables import contact_correction, ended_matter, message, person_status

_HEAR_CORRECTION = insert(contact_correction)
_SAVE_CORRECTION = _HEAR_CORRECTION.on_conflict_do_update(
    index_elements=[contact_correction.c.person_id], set_={"heard_at": _HEAR_CORRECTION.excluded.heard_at}
)
_END_MATTER = insert(ended_matter)
_SAVE_END = _END_MATTER.on_conflict_do_update(
    index_elements=[ended_matter.c.matter, ended_matter.c.subject_id],
    set_={"sequence": func.greatest(ended_matter.c.sequence, _END_MATTER.excluded.sequence)},
)
_HEAR_STATUS = insert(person_status)
_SAVE_STATUS = _HEAR_STATUS.on_conflict_do_update(
    index_elements=[person_status.c.person_id],
    set_={"active": _HEAR_STATUS.excluded.active, "sequence": _HEAR_STATUS.excluded.sequence},
    where=person_status.c.sequence < _HEAR_STATUS.excluded.sequence,
)


async def obsolete_messages(tx: Transaction, subject_ids: Sequence[UUID]) -> list[Message]:
    """Unread messages of these subjects that need not be told any more, locked."""
    statement = select(message.c.id).where(
        message.c.subject_id == func.any(bindparam("subjects", list(subject_ids))),
        message.c.state.not_in([state.value for state in FINAL]),
        _obsolete(),
    )
    ids = [row.id for row in await tx.fetch_all(statement)]
    # All that are not final are locked: one that is failing at this moment must not be missed by both sides.
    locked = await load_messages(tx, ids, for_update=True) if ids else []
    return [one for one in locked if one.state in UNREAD]


async def obsolete_among(tx: Transaction, message_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these messages that need not be told any more, whatever their state."""
    named = message.c.id == func.any(bindparam("ids", list(message_ids)))
    return {row.id for row in await tx.fetch_all(select(message.c.id).where(named, _obsolete()))}


async def note_ended(tx: Transaction, ended: Mapping[tuple[Matter, UUID], int]) -> None:
    """Remember that a matter of a subject was over at a sequence of the subject; the latest end counts."""
    rows = [
        {"matter": matter.value, "subject_id": subject_id, "sequence": sequence}
        for (matter, subject_id), sequence in sorted(ended.items())
    ]
    await tx.execute(_SAVE_END, rows)


async def hear_status(tx: Transaction, heard: Mapping[UUID, tuple[int, bool]]) -> None:
    """Keep, by person, whether the registry says active, at this sequence; an older word changes nothing."""
    rows = [
        {"person_id": person_id, "sequence": sequence, "active": active}
        for person_id, (sequence, active) in sorted(heard.items())
    ]
    await tx.execute(_SAVE_STATUS, rows)


async def inactive_among(tx: Transaction, person_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these people who died or moved away, as far as the registry told."""
    named = person_status.c.person_id == func.any(bindparam("people", list(person_ids)))
    statement = select(person_status.c.person_id).where(named, ~person_status.c.active)
    return {row.person_id for row in await tx.fetch_all(statement)}


async def hear_corrections(tx: Transaction, person_ids: Sequence[UUID], now: datetime) -> None:
    """Remember that how to reach these people was mended."""
    await tx.execute(_SAVE_CORRECTION, [{"person_id": id_, "heard_at": now} for id_ in sorted(set(person_ids))])


async def corrections_heard(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When a mended contact was last heard of, by person."""
    named = contact_correction.c.person_id == func.any(bindparam("people", list(person_ids)))
    return {row.person_id: row.heard_at for row in await tx.fetch_all(select(contact_correction).where(named))}


def _obsolete() -> ColumnElement[bool]:
    newer = message.alias("newer")
    replaced = select(newer.c.id).where(
        newer.c.matter == message.c.matter,
        newer.c.subject_id == message.c.subject_id,
        newer.c.cause_sequence > message.c.cause_sequence,
    )
    ended = select(ended_matter.c.sequence).where(
        ended_matter.c.matter == message.c.matter,
        ended_matter.c.subject_id == message.c.subject_id,
        ended_matter.c.sequence > message.c.cause_sequence,
    )
    return replaced.correlate(message).exists() | ended.correlate(message).exists()
