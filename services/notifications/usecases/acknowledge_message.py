"""One person of a printed list was told."""

from uuid import UUID

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from services.notifications.outgoing import contract_of
from services.notifications.scope import reaches
from services.notifications.store import lists as list_store
from services.notifications.store import messages as message_store
from services.notifications.usecases.acknowledge_list import settle_entries


class AcknowledgeMessageBody(DatedCommand):
    """The day the person was told."""


class AcknowledgeMessage(AcknowledgeMessageBody):
    """Acknowledge one listed message."""

    message_id: UUID


async def acknowledge_message(tx: Transaction, command: AcknowledgeMessage) -> UUID:
    """Record that this person was told. Raises `UnknownMessage`, `NotListed`."""
    message = await message_store.load_message(tx, command.message_id, for_update=True)
    if not reaches(tx.officer, message.agency):
        raise message_store.UnknownMessage(message_id=message.id)
    fact = message.acknowledge()
    reason = command.late_entry_reason.value if command.late_entry_reason else None
    tx.publish(contract_of(fact, command.occurred_on, reason), sequence=fact.sequence, case=message.case_id)
    await message_store.save_messages(tx, [message])
    printed = await list_store.load_list(tx, fact.list_id, for_update=True)
    await settle_entries(tx, printed, [message.id], command.occurred_on)
    return message.id
