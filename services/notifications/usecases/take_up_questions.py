"""Take up what the gateway must be asked for: unknown outcomes and receipts that did not come."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.domain.message import Channel
from services.notifications.store import messages as message_store


@dataclass(frozen=True, slots=True)
class Question:
    """One client reference to ask for."""

    message_id: UUID
    reference: UUID
    channel: Channel


async def take_up_questions(tx: Transaction, limit: int, lease: timedelta) -> list[Question]:
    """Due questions, reserved for the caller until the lease ends."""
    due = await message_store.take_to_ask(tx, tx.now, tx.now + lease, limit)
    return [Question(*one) for one in due]
