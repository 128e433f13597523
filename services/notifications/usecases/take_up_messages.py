"""Take queued messages up for sending; from here a crash leaves something to ask for, never to send blindly."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.transaction import Transaction
from services.notifications.announcing import announce
from services.notifications.domain.message import Message
from services.notifications.domain.template import TemplateVersion
from services.notifications.store import messages as message_store
from services.notifications.store import relevance
from services.notifications.store import templates as template_store
from services.notifications.usecases.recall_sent import next_reference, recall_sent
from services.notifications.usecases.settle_failures import settle_failures


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What the sender needs once the transaction is closed."""

    message_id: UUID
    reference: UUID
    tries: int
    person_id: UUID
    case_id: UUID
    template: TemplateVersion
    facts: dict[str, Any]
    trace: dict[str, str]


async def take_up_messages(tx: Transaction, limit: int, stale_after: timedelta) -> tuple[list[TakenUp], int]:
    """Mark due messages as `sending`; those of a day or a matter that is over are not sent.

    Nor are those that were sent after the backup from which this database was restored. Returns what is to be sent,
    and how many were due.
    """
    taken = await message_store.take_due(tx, tx.now, limit)
    sent = await recall_sent(tx, taken)
    queued = [message for message in taken if message.id not in sent]
    # A try that reached nobody comes back to the queue also when its matter ended meanwhile.
    obsolete = await relevance.obsolete_among(tx, [message.id for message in queued]) if queued else set()
    for message in queued:
        if message.id in obsolete:
            message.supersede()
    due = [message for message in queued if message.id not in obsolete]
    expired = [message for message in due if not message.relevant_on(tx.today)]
    for message in expired:
        announce(tx, message, message.expire_unsent())
    await settle_failures(tx, expired)
    relevant = [message for message in due if message.relevant_on(tx.today)]
    for message in relevant:
        message.begin(next_reference(message), tx.now, tx.now + stale_after)
    await message_store.save_messages(tx, taken)
    return await _with_templates(tx, relevant), len(taken)


async def _with_templates(tx: Transaction, messages: list[Message]) -> list[TakenUp]:
    wanted = {(message.template_code, message.template_version) for message in messages}
    templates = await template_store.load_versions(tx, wanted) if wanted else {}
    return [
        TakenUp(
            message_id=message.id,
            reference=message.attempt.id,
            tries=message.attempt.tries,
            person_id=message.person_id,
            case_id=message.case_id,
            template=templates[message.template_code, message.template_version],
            facts=message.facts,
            trace=message.trace,
        )
        for message in messages
        if message.attempt is not None
    ]
