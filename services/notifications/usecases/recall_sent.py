"""What was sent after the backup from which this database was restored counts as sent, and is told no second time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.ids import derived_id
from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.message import Message
from services.notifications.store import messages as message_store

_ASK_SOON = timedelta(seconds=5)


async def recall_sent(tx: Transaction, queued: Sequence[Message]) -> set[UUID]:
    """Those of the queued, locked messages that the world knows as sent: changed to be so, to be saved by the caller.

    A gateway would know the reference again, a mail server would not.
    """
    sent = await message_store.sent_before_restore(tx, [message.id for message in queued]) if queued else {}
    for message in queued:
        if message.id in sent:
            message.begin(next_reference(message), tx.now, tx.now + _ASK_SOON)
            announce(tx, message, message.sent_before(sent[message.id], tx.now, tx.now + _ASK_SOON))
    return set(sent)


def next_reference(message: Message) -> UUID:
    """The same whenever this attempt begins: a gateway knows it again after a restored backup."""
    return derived_id(message.id, "attempt", message.attempts_count + 1)
