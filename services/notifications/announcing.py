"""Publishes a message's facts in its case, as part of the trace that caused the message."""

from collections.abc import Sequence

from opentelemetry.trace import SpanKind

from chassis.ids import Origin
from chassis.telemetry import resume, span
from chassis.transaction import Transaction
from services.notifications.domain.message import Delivered, Message, MessageFact, Sent
from services.notifications.outgoing import contract_of


def announce(tx: Transaction, message: Message, facts: Sequence[MessageFact]) -> None:
    """Publish what happened today to one message; nothing happens when nothing did."""
    if not facts:
        return
    with span("settle message", SpanKind.INTERNAL, resume(message.trace), message=str(message.id)):
        for fact in facts:
            told = contract_of(fact, tx.today)
            tx.publish(told, sequence=fact.sequence, case=message.case_id, origin=_origin(message, fact))


def _origin(message: Message, fact: MessageFact) -> Origin:
    """An attempt is sent and delivered once, however many tries that takes; the rest may happen to a message again."""
    if isinstance(fact, Sent | Delivered) and message.attempt is not None:
        return Origin(message.attempt.id)
    return Origin(message.id, tells_once=False)
