"""How to reach a person was mended: what failed or stands on a list, and still helps, is sent anew."""

from collections.abc import Sequence
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.domain.message import Message
from services.notifications.store import messages as message_store
from services.notifications.store import relevance
from services.notifications.usecases.withdraw_from_lists import withdraw_from_lists


async def send_again(tx: Transaction, person_ids: Sequence[UUID]) -> None:
    """Queue the undelivered messages of these people again, and remember when their contacts were mended."""
    await relevance.hear_corrections(tx, person_ids, tx.now)
    undelivered = await message_store.undelivered_messages(tx, person_ids)
    relevant: list[Message] = [message for message in undelivered if message.relevant_on(tx.today)]
    left = [(message.id, message.send_anew(tx.now)) for message in relevant]
    await message_store.save_messages(tx, relevant)
    await withdraw_from_lists(tx, [(message_id, list_id) for message_id, list_id in left if list_id])
