"""Publishes a message's facts in its case, as part of the trace that caused the message."""

from collections.abc import Sequence

from opentelemetry.trace import SpanKind

from chassis.telemetry import resume, span
from chassis.transaction import Transaction
from services.notifications.domain.message import Message, MessageFact
from services.notifications.outgoing import contract_of


def announce(tx: Transaction, message: Message, facts: Sequence[MessageFact]) -> None:
    """Publish what happened today to one message; nothing happens when nothing did."""
    if not facts:
        return
    with span("settle message", SpanKind.INTERNAL, resume(message.trace), message=str(message.id)):
        for fact in facts:
            tx.publish(contract_of(fact, tx.today), sequence=fact.sequence, case=message.case_id)
