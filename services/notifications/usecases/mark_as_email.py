"""Note which messages are about to go by e-mail: a mail server cannot be asked afterwards."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.domain.message import Channel
from services.notifications.store import messages as message_store

_LEFT_BEHIND = timedelta(minutes=10)


async def mark_as_email(tx: Transaction, message_ids: Sequence[UUID]) -> None:
    """Turn the current attempts of these messages into e-mail attempts."""
    messages = await message_store.load_messages(tx, message_ids, for_update=True)
    for message in messages:
        if message.attempt is not None and message.attempt.open:
            message.attempt.channel = Channel.EMAIL
            message.attempt.ask_at = tx.now + _LEFT_BEHIND
    await message_store.save_messages(tx, messages)
