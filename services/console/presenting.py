"""A case as the page and the JSON timeline show it: words, links, readable facts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.console.domain.wording import FACTS, Words, event_words, service_words
from services.console.settings import Settings
from services.console.store import TimelineEvent


@dataclass(frozen=True, slots=True)
class Fact:
    """One readable fact of an event; the form tells a page how to write the value."""

    label: Words
    value: Any
    form: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    event_id: UUID
    type: str
    what: Words
    service: Words
    occurred_on: date
    recorded_at: datetime
    facts: tuple[Fact, ...]
    trace_url: str | None
    bast_url: str | None


def present(event: TimelineEvent, settings: Settings) -> Entry:
    """The line for an event."""
    owner = event.type.split(".", 1)[0]
    bast_id = event.facts.get("bast_id")
    return Entry(
        event_id=event.event_id,
        type=event.type,
        what=event_words(event.type),
        service=service_words(owner),
        occurred_on=event.occurred_on,
        recorded_at=event.recorded_at,
        facts=tuple(_facts(event.facts)),
        trace_url=trace_url(event.trace_id, settings),
        bast_url=f"{settings.disbursement_url}/basts/{bast_id}/page" if bast_id else None,
    )


def trace_url(trace_id: str | None, settings: Settings) -> str | None:
    """Where an operator sees the trace; None without a trace or without Zipkin."""
    return f"{settings.zipkin_ui_url}/traces/{trace_id}" if trace_id and settings.zipkin_ui_url else None


def _facts(facts: Mapping[str, Any]) -> Iterator[Fact]:
    for name, label in FACTS.items():
        if name not in facts:
            continue
        value = facts[name]
        if name.endswith("_rupiah"):
            yield Fact(label, value, "rupiah")
        elif name.endswith("_on"):
            yield Fact(label, date.fromisoformat(value), "day")
        elif isinstance(value, bool):
            yield Fact(label, value, "flag")
        else:
            yield Fact(label, ", ".join(value) if isinstance(value, list) else value, "plain")
