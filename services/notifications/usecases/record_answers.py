"""Record what the gateway answered when it was asked for messages without a known outcome or receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.message import AttemptState, Channel, Message, MessageFact, MessageState
from services.notifications.domain.outcome import Answer, FailureReason, VendorStatus
from services.notifications.store import messages as message_store
from services.notifications.usecases.settle_failures import settle_failures

_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for receipts: before the first question, and altogether."""

    receipt_wait: timedelta
    receipt_deadline: timedelta


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its answer; None when the gateway could not be asked."""

    message_id: UUID
    reference: UUID
    answer: Answer | None


async def record_answers(tx: Transaction, asked: Sequence[Asked], patience: Patience) -> None:
    """Write the answers down; questions without an answer are asked again."""
    by_message = {one.message_id: one for one in asked}
    messages = await message_store.load_messages(tx, list(by_message), for_update=True)
    failed: list[Message] = []
    for message in messages:
        one = by_message[message.id]
        if message.attempt is None or message.attempt.id != one.reference or not message.attempt.open:
            continue
        facts = _apply(message, one.answer, tx.now, patience)
        announce(tx, message, facts)
        if facts and message.state is MessageState.FAILED:
            failed.append(message)
    await settle_failures(tx, failed)
    await message_store.save_messages(tx, messages)


def apply_status(
    message: Message, status: VendorStatus, code: str, now: datetime, receipt_wait: timedelta
) -> list[MessageFact]:
    """Apply a status of the gateway, whichever way and however often it came."""
    if status is VendorStatus.DELIVERED:
        return message.deliver(now, code)
    if status.failure is not None:
        return message.give_up(status.failure, now, code)
    return message.accept(now, now + receipt_wait, code)


def _apply(message: Message, answer: Answer | None, now: datetime, patience: Patience) -> list[MessageFact]:
    attempt = message.attempt
    if attempt is None:
        return []
    if attempt.channel is Channel.EMAIL:
        return message.give_up(FailureReason.EXPIRED, now, "outcome_unknown")
    if answer is None:
        message.ask_later(now + patience.receipt_wait, "not_answered")
        return []
    if attempt.state is AttemptState.SENDING and answer.status is None:
        message.put_back(now, answer.code)
        return []
    if attempt.state is AttemptState.SENT and answer.status in {None, VendorStatus.PENDING}:
        return _still_waiting(message, attempt.sent_at or now, now, patience, answer.code)
    return apply_status(message, answer.status or VendorStatus.PENDING, answer.code, now, patience.receipt_wait)


def _still_waiting(
    message: Message, sent_at: datetime, now: datetime, patience: Patience, code: str
) -> list[MessageFact]:
    waited = now - sent_at
    if waited >= patience.receipt_deadline:
        return message.give_up(FailureReason.EXPIRED, now, code)
    message.ask_later(now + min(max(waited, patience.receipt_wait), _LONGEST_WAIT), code)
    return []
