"""From an event of any kind to a row of the read model: the same for all, so that a new kind needs no new code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

_COLUMNS: Final = frozenset({"person_id", "family_id", "programme_id", "occurred_on", "agency"})
"""Fields with a column of their own, or of no use on a page."""


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """What the console keeps of one event. `case_id` is None where it concerns the person in every programme."""

    event_id: UUID
    source: str
    type: str
    case_id: UUID | None
    person_id: UUID | None
    programme_id: UUID | None
    recorded_at: datetime
    occurred_on: date
    agency: str
    subject: str
    trace_id: str | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The CloudEvents attributes that are kept."""

    event_id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    case_id: UUID | None
    trace_id: str | None


def recorded(envelope: Envelope, body: Mapping[str, Any], case_id: UUID | None) -> CaseEvent:
    """The row for an event; `body` is its validated body as JSON values.

    Facts are taken as they are: a contract has no field for anything personal.
    """
    return CaseEvent(
        event_id=envelope.event_id,
        source=envelope.source,
        type=envelope.type,
        case_id=case_id,
        person_id=_id(body.get("person_id")),
        programme_id=_id(body.get("programme_id")),
        recorded_at=envelope.time,
        occurred_on=date.fromisoformat(body["occurred_on"]),
        agency=body["agency"],
        subject=envelope.subject,
        trace_id=envelope.trace_id,
        facts={name: value for name, value in body.items() if name not in _COLUMNS and value is not None},
    )


def _id(value: str | None) -> UUID | None:
    return UUID(value) if value else None
