"""Messages that need not be told any more are superseded, and leave the printed lists they stand on."""

from collections.abc import Sequence
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.domain.message import MessageState
from services.notifications.store import messages as message_store
from services.notifications.store import relevance
from services.notifications.usecases.recall_sent import recall_sent
from services.notifications.usecases.withdraw_from_lists import withdraw_from_lists


async def drop_obsolete(tx: Transaction, subject_ids: Sequence[UUID]) -> None:
    """Supersede the unread messages of these subjects that a newer one replaces or whose matter is over."""
    obsolete = await relevance.obsolete_messages(tx, subject_ids)
    # While a restored service catches up, the newer message comes before the older one was looked at to be sent.
    sent = await recall_sent(tx, [message for message in obsolete if message.state is MessageState.QUEUED])
    left = [(message.id, message.supersede()) for message in obsolete if message.id not in sent]
    await message_store.save_messages(tx, obsolete)
    await withdraw_from_lists(tx, [(message_id, list_id) for message_id, list_id in left if list_id])
