"""Messages and their attempts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, select, text, update

from chassis.errors import NotFound
from chassis.rows import insert_rows, one_of, update_rows, written
from chassis.transaction import Transaction
from contracts.notifications import MessageSentV1
from services.notifications.domain.message import (
    FINAL,
    Attempt,
    AttemptState,
    Channel,
    Matter,
    Message,
    MessageState,
)
from services.notifications.domain.outcome import FailureReason
from services.notifications.domain.template import TemplateCode
from services.notifications.store.tables import attempt, message, template_version


class UnknownMessage(NotFound):
    """There is no such message within the caller's scope."""

    title = "There is no such message"


_MESSAGE_CHANGES = ("region_code", "state", "version", "attempts_count", "next_attempt_at", "reason", "list_id")
_ATTEMPT_CHANGES = (
    "channel",
    "state",
    "tries",
    "started_at",
    "ask_at",
    "sent_at",
    "settled_at",
    "vendor_code",
    "segments",
)
_CURRENT_ATTEMPT = (attempt.c.message_id == message.c.id) & (attempt.c.number == message.c.attempts_count)
_OR_CHANGED = f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _ATTEMPT_CHANGES)}"


async def insert_messages(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue messages; one that was queued for the same cause before stays as it is."""
    await insert_rows(tx, message, rows, on_conflict="ON CONFLICT ON CONSTRAINT message_once_per_cause DO NOTHING")


async def load_messages(tx: Transaction, ids: Sequence[UUID], *, for_update: bool = False) -> list[Message]:
    """The messages with their current attempt, in id order, so that writers lock in one order."""
    named = message.c.id == func.any(bindparam("ids", list(ids)))
    if for_update:
        # A statement of its own: one that waits for a lock would join the new message with its old attempt.
        await tx.execute(select(message.c.id).where(named).order_by(message.c.id).with_for_update())
    return [_message(row) for row in await tx.fetch_all(_messages().where(named).order_by(message.c.id))]


async def load_message(tx: Transaction, message_id: UUID, *, for_update: bool = False) -> Message:
    """One message. Raises `UnknownMessage`."""
    found = await load_messages(tx, [message_id], for_update=for_update)
    if not found:
        raise UnknownMessage(message_id=message_id)
    return found[0]


async def messages_of_references(tx: Transaction, references: Sequence[UUID]) -> dict[UUID, UUID]:
    """The messages these attempts belong to, by attempt; an unknown one is left out."""
    named = attempt.c.id == func.any(bindparam("references", list(references)))
    return {
        row.id: row.message_id for row in await tx.fetch_all(select(attempt.c.id, attempt.c.message_id).where(named))
    }


async def take_due(tx: Transaction, now: datetime, limit: int) -> list[Message]:
    """Queued messages whose time has come, locked; those another sender holds are passed over."""
    due = (
        select(message.c.id)
        .where(written(message.c.state, MessageState.QUEUED.value), message.c.next_attempt_at <= now)
        .order_by(message.c.next_attempt_at, message.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = [row.id for row in await tx.fetch_all(due)]
    return await load_messages(tx, ids, for_update=True) if ids else []


async def take_to_ask(
    tx: Transaction, now: datetime, again_at: datetime, limit: int
) -> list[tuple[UUID, UUID, Channel]]:
    """Message, reference and channel of what must be asked for; nobody else takes them before `again_at`."""
    due = (
        select(attempt.c.id)
        .where(attempt.c.ask_at <= now)
        .order_by(attempt.c.ask_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    # In one statement the plan, made without knowing the limit, would look through all attempts.
    ids = [row.id for row in await tx.fetch_all(due)]
    taken = update(attempt).where(one_of(attempt.c.id, ids)).values(ask_at=again_at)
    returned = taken.returning(attempt.c.message_id, attempt.c.id, attempt.c.channel)
    rows = await tx.fetch_all(returned) if ids else []
    return [(row.message_id, row.id, Channel(row.channel)) for row in rows]


async def save_messages(tx: Transaction, messages: Sequence[Message]) -> None:
    """Write messages and their current attempts back."""
    await update_rows(tx, message, [_values(one, ("id", *_MESSAGE_CHANGES)) for one in messages])
    attempts = [
        _values(one.attempt, ("id", "message_id", "number", *_ATTEMPT_CHANGES)) for one in messages if one.attempt
    ]
    await insert_rows(tx, attempt, attempts, on_conflict=_OR_CHANGED)


async def undelivered_messages(tx: Transaction, person_ids: Sequence[UUID]) -> list[Message]:
    """Failed and listed messages of these people that a mended number could still bring, locked.

    An invitation to a handover that took place meanwhile is not among them.
    """
    receipt = message.alias("receipt")
    handed_over = select(receipt.c.id).where(
        receipt.c.matter == Matter.RECEIPT.value, receipt.c.subject_id == message.c.subject_id
    )
    statement = select(message.c.id).where(
        message.c.person_id == func.any(bindparam("people", list(person_ids))),
        message.c.state.not_in([state.value for state in FINAL]),
        ~((message.c.matter == Matter.HANDOVER.value) & handed_over.exists()),
    )
    ids = [row.id for row in await tx.fetch_all(statement)]
    # All that are not final are locked: one that is failing at this moment must not be missed by both sides.
    locked = await load_messages(tx, ids, for_update=True) if ids else []
    return [one for one in locked if one.state in {MessageState.FAILED, MessageState.LISTED}]


async def sent_before_restore(tx: Transaction, message_ids: Sequence[UUID]) -> dict[UUID, Channel]:
    """Which of these messages the world knows as sent, though this database, once restored, does not, and how."""
    statement = text(
        "SELECT subject, convert_from(body, 'UTF8')::jsonb ->> 'channel' AS channel"
        " FROM adopted_event JOIN outbox USING (event_id)"
        " WHERE settled_at IS NULL AND type = :type AND subject = ANY(:subjects)"
    )
    named = {"type": MessageSentV1.event_type, "subjects": [str(each) for each in message_ids]}
    return {UUID(row.subject): Channel(row.channel) for row in await tx.fetch_all(statement, named)}


async def known_region(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The region of each person's newest message."""
    statement = text(
        "SELECT DISTINCT ON (person_id) person_id, region_code FROM message"
        " WHERE person_id = ANY(:people) AND region_code <> '' ORDER BY person_id, id DESC"
    )
    return {row.person_id: row.region_code for row in await tx.fetch_all(statement, {"people": list(person_ids)})}


def new_message_row(message_id: UUID, now: datetime, **values: Any) -> dict[str, Any]:
    """Row of a message that has just been queued."""
    return {
        "id": message_id,
        "state": MessageState.QUEUED.value,
        "version": 1,
        "attempts_count": 0,
        "next_attempt_at": now,
        "created_at": now,
        **values,
    }


def _messages() -> Select[Any]:
    attempt_columns = [column.label(f"attempt_{column.name}") for column in attempt.c]
    version = (template_version.c.code == message.c.template_code) & (
        template_version.c.version == message.c.template_version
    )
    return select(message, template_version.c.list_text.is_not(None).label("listable"), *attempt_columns).select_from(
        message.join(template_version, version).outerjoin(attempt, _CURRENT_ATTEMPT)
    )


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        person_id=row.person_id,
        programme_id=row.programme_id,
        case_id=row.case_id,
        matter=Matter(row.matter),
        subject_id=row.subject_id,
        group_id=row.group_id,
        template_code=TemplateCode(row.template_code),
        template_version=row.template_version,
        listable=row.listable,
        facts=row.facts,
        agency=row.agency,
        region_code=row.region_code,
        relevant_until=row.relevant_until,
        state=MessageState(row.state),
        version=row.version,
        attempts_count=row.attempts_count,
        next_attempt_at=row.next_attempt_at,
        reason=FailureReason(row.reason) if row.reason else None,
        list_id=row.list_id,
        attempt=_attempt(row) if row.attempt_id else None,
        trace=row.trace,
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        id=row.attempt_id,
        message_id=row.attempt_message_id,
        number=row.attempt_number,
        channel=Channel(row.attempt_channel),
        state=AttemptState(row.attempt_state),
        tries=row.attempt_tries,
        started_at=row.attempt_started_at,
        ask_at=row.attempt_ask_at,
        sent_at=row.attempt_sent_at,
        settled_at=row.attempt_settled_at,
        vendor_code=row.attempt_vendor_code,
        segments=row.attempt_segments,
    )


def _values(record: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}
