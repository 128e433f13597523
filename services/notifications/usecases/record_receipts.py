"""A gateway tells by itself what became of messages: delivery receipts."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.commands import Command
from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.message import Message, MessageState
from services.notifications.domain.outcome import VendorStatus
from services.notifications.store import messages as message_store
from services.notifications.usecases.record_answers import apply_status
from services.notifications.usecases.settle_failures import settle_failures


class Receipt(Command):
    """A receipt in our words: client reference, mapped status, the vendor's own code."""

    reference: UUID
    status: VendorStatus
    code: str


async def record_receipts(tx: Transaction, receipts: Sequence[Receipt], receipt_wait: timedelta) -> list[bool]:
    """Apply receipts in their order; whether each one's reference is known.

    Late, repeated and out-of-order ones change nothing.
    """
    found = await message_store.messages_of_references(tx, [receipt.reference for receipt in receipts])
    messages = {
        one.id: one for one in await message_store.load_messages(tx, sorted(set(found.values())), for_update=True)
    }
    changed: dict[UUID, Message] = {}
    failed: dict[UUID, Message] = {}
    for receipt in receipts:
        message = messages.get(found.get(receipt.reference, receipt.reference))
        attempt = message.attempt if message else None
        if message is None or attempt is None or attempt.id != receipt.reference or not attempt.open:
            continue
        facts = apply_status(message, receipt.status, receipt.code, tx.now, receipt_wait)
        announce(tx, message, facts)
        changed[message.id] = message
        if facts and message.state is MessageState.FAILED:
            failed[message.id] = message
    await settle_failures(tx, list(failed.values()))
    await message_store.save_messages(tx, list(changed.values()))
    return [receipt.reference in found for receipt in receipts]
