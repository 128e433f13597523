"""What one service tells of a case: the answers of its admin routes, as those who ask them read them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

EVENTS_LIMIT = 200
"""Most events in one answer, and most ids in one question."""


class EventView(BaseModel):
    """An event this service published, as its contract shows it."""

    position: int
    event_id: UUID
    type: str
    subject: str
    key: str
    traceparent: str | None
    causation_id: UUID | None = None
    """The event that caused it; None where an officer's act, a timer or a job did."""
    recorded_at: datetime
    published_at: datetime | None
    held_reason: str | None = None
    """Why it cannot be sent, nor any later event of its key."""
    data: dict[str, Any]


class HeardState(StrEnum):
    """How a service's consumer stands to an event."""

    PROCESSED = "processed"
    PARKED = "parked"
    SET_ASIDE = "set_aside"
    """Parked, and settled by two persons without taking effect."""
    UNKNOWN = "unknown"
    """Not yet arrived, or not heard."""


class HeardView(BaseModel):
    """One event as this service's consumer knows it; `at` is when it took effect, or first parked."""

    event_id: UUID | None
    """None where a parked message has no readable one."""
    state: HeardState
    at: datetime | None = None
    type: str | None = None
    reason: str | None = None
    detail: str | None = None
    trace_id: str | None = None
    behind: bool = False
    """Parked only because an earlier message of its key is."""
