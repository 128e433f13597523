"""Take events of any kind into the read model, whatever order they come in."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from opentelemetry import trace

from chassis.events import Delivered
from chassis.transaction import Transaction
from contracts.catalogue import CATALOGUE, PEOPLE
from contracts.envelope import Fact, case_id
from services.console import store
from services.console.domain.recording import CaseEvent, Envelope, recorded


async def record_events(tx: Transaction, events: Sequence[Delivered[Fact]]) -> None:
    """Keep the events and open a case file for every person and programme they name together.

    Region and agency of a file may still be unknown: they are filled in as soon as the registry's and the programme's
    event have come, and nobody sees the file before.
    """
    rows = [_recorded(event) for event in events]
    pairs = {
        row.case_id: (row.programme_id, row.person_id)
        for row in rows
        if row.case_id and row.programme_id and row.person_id
    }
    await store.insert_events(tx, rows)
    if pairs:
        await store.open_cases(tx, pairs)


def _recorded(event: Delivered[Fact]) -> CaseEvent:
    envelope = Envelope(
        event_id=event.id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=event.time,
        case_id=event.case,
        trace_id=trace_id(event),
    )
    return recorded(envelope, event.data.model_dump(mode="json"), _case_of(event))


def _case_of(event: Delivered[Fact]) -> UUID | None:
    """The case by programme and person where the event names both, else the one of the envelope.

    What the registry tells of a person belongs to the person's cases in every programme: to none in particular.
    """
    programme_id, person_id = (getattr(event.data, name, None) for name in ("programme_id", "person_id"))
    if programme_id and person_id:
        return case_id(programme_id, person_id)
    return None if CATALOGUE[event.type].topic is PEOPLE else event.case


def trace_id(event: Delivered[Any]) -> str | None:
    """Hexadecimal id of the trace an event belongs to."""
    context = trace.get_current_span(event.context).get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None
