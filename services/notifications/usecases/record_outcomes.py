"""Record what came of sending, in a transaction of its own after the gateway was called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.backoff import wait_after
from services.notifications.domain.message import MAX_TRIES, Channel, Message, MessageFact, MessageState
from services.notifications.domain.outcome import (
    Accepted,
    Duplicate,
    FailureReason,
    NotTried,
    Outcome,
    OutcomeUnknown,
    Permanent,
    Retryable,
    Throttled,
)
from services.notifications.store import messages as message_store
from services.notifications.usecases.settle_failures import settle_failures

_ASK_SOON = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Tried:
    """One try: its message, client reference, outcome, and the region the registry gave for the person."""

    message_id: UUID
    reference: UUID
    outcome: Outcome
    region_code: str | None


async def record_outcomes(tx: Transaction, tried: Sequence[Tried], receipt_wait: timedelta) -> None:
    """Write the outcomes down. A receipt that was quicker than its own sending has the last word."""
    by_message = {one.message_id: one for one in tried}
    messages = await message_store.load_messages(tx, list(by_message), for_update=True)
    failed: list[Message] = []
    for message in messages:
        one = by_message[message.id]
        if message.list_id is None:
            # A quicker receipt may have put it on a list already: a message stays in the region of its list.
            message.region_code = one.region_code or message.region_code
        if message.attempt is None or message.attempt.id != one.reference:
            continue
        facts = _apply(tx, message, one.outcome, receipt_wait)
        announce(tx, message, facts)
        if facts and message.state is MessageState.FAILED:
            failed.append(message)
    await settle_failures(tx, failed)
    await message_store.save_messages(tx, messages)


def _apply(tx: Transaction, message: Message, outcome: Outcome, receipt_wait: timedelta) -> list[MessageFact]:
    attempt = message.attempt
    by_email = attempt is not None and attempt.channel is Channel.EMAIL
    tries = attempt.tries if attempt else 0
    match outcome:
        case Accepted():
            return message.accept(tx.now, None if by_email else tx.now + receipt_wait, outcome.code, outcome.segments)
        case Duplicate():
            return message.accept(tx.now, tx.now + _ASK_SOON, outcome.code)
        case OutcomeUnknown() if by_email:
            # A mail server cannot be asked; a second mail is worse than a line on a list.
            return message.give_up(FailureReason.EXPIRED, tx.now, outcome.code)
        case OutcomeUnknown():
            message.ask_later(tx.now + _ASK_SOON, outcome.code)
        case Permanent():
            return message.give_up(outcome.reason, tx.now, outcome.code)
        case NotTried():
            message.postpone(tx.now + _ASK_SOON, outcome.code)
        case Retryable() if tries >= MAX_TRIES:
            return message.give_up(FailureReason.REFUSED_BY_GATEWAY, tx.now, outcome.code)
        case Throttled():
            message.put_back(tx.now + wait_after(tries, outcome.after_seconds), outcome.code)
        case _:
            message.put_back(tx.now + wait_after(tries), outcome.code)
    return []
