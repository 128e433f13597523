"""All that notifications tells the world: facts of a message's life as public contracts, without text or number."""

from datetime import date
from typing import Any

from contracts import notifications as public
from contracts.envelope import Fact, LateEntryReason
from services.notifications.domain.message import Acknowledged, Delivered, Failed, Listed, MessageFact, Sent
from services.notifications.domain.outcome import FailureReason


def contract_of(fact: MessageFact, occurred_on: date, late_entry_reason: str | None = None) -> Fact:
    """The public fact for a fact of the domain."""
    common = _common(fact, occurred_on, late_entry_reason)
    match fact:
        case Sent():
            return public.MessageSentV1(**common)
        case Delivered():
            return public.MessageDeliveredV1(**common)
        case Failed():
            return public.MessageFailedV1(**common, reason=_reason(fact.reason))
        case Listed():
            return public.MessageListedV1(**common, list_id=fact.list_id)
        case Acknowledged():
            return public.MessageAcknowledgedV1(**common, list_id=fact.list_id)


def _reason(reason: FailureReason) -> public.FailureReason:
    # The contract has no value of its own for a death or move, which the registry tells by itself.
    return public.FailureReason.NO_CONTACT if reason is FailureReason.NOT_ACTIVE else public.FailureReason(reason.value)


def _common(fact: MessageFact, occurred_on: date, late_entry_reason: str | None) -> dict[str, Any]:
    message = fact.message
    return {
        "occurred_on": occurred_on,
        "late_entry_reason": LateEntryReason(late_entry_reason) if late_entry_reason else None,
        "agency": message.agency,
        "message_id": message.id,
        "person_id": message.person_id,
        "programme_id": message.programme_id,
        "template_code": message.template_code.value,
        "template_version": message.template_version,
        "channel": public.Channel(fact.channel.value),
    }
