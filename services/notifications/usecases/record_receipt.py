"""A gateway tells by itself what became of a message: a delivery receipt."""

from datetime import timedelta
from uuid import UUID

from chassis.commands import Command
from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.message import MessageState
from services.notifications.domain.outcome import VendorStatus
from services.notifications.store import messages as message_store
from services.notifications.usecases.record_answers import apply_status
from services.notifications.usecases.settle_failures import settle_failures


class Receipt(Command):
    """A receipt in our words: client reference, mapped status, the vendor's own code."""

    reference: UUID
    status: VendorStatus
    code: str


async def record_receipt(tx: Transaction, receipt: Receipt, receipt_wait: timedelta) -> UUID:
    """Apply a receipt; late, repeated and out-of-order ones change nothing. Raises `UnknownMessage`."""
    message_id = await message_store.message_of_reference(tx, receipt.reference)
    message = await message_store.load_message(tx, message_id, for_update=True)
    if message.attempt is None or message.attempt.id != receipt.reference or not message.attempt.open:
        return message.id
    facts = apply_status(message, receipt.status, receipt.code, tx.now, receipt_wait)
    announce(tx, message, facts)
    if facts and message.state is MessageState.FAILED:
        await settle_failures(tx, [message])
    await message_store.save_messages(tx, [message])
    return message.id
