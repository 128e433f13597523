"""What this service told of a case, for the case's timeline."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text

from chassis.admin.queries import many
from chassis.auth import Permission, Role
from chassis.http import Read, Routes
from chassis.paging import MAX_BIGINT, AfterNumber

SEE_CASE = Permission("case.see", {Role.OPERATOR, Role.ADMINISTRATOR, Role.SERVICE})

_EVENTS = text(
    """
    SELECT position, event_id, type, subject, key, headers ->> 'traceparent' AS traceparent, recorded_at, published_at,
           convert_from(body, 'UTF8')::jsonb AS data
    FROM outbox WHERE correlation_id = :case AND position > :after ORDER BY position LIMIT 200
    """
)


class EventView(BaseModel):
    """An event this service published, as its contract shows it."""

    position: int
    event_id: UUID
    type: str
    subject: str
    key: str
    traceparent: str | None
    recorded_at: datetime
    published_at: datetime | None
    data: dict[str, Any]


def add_case_routes(routes: Routes) -> None:
    """The events of a case that are in this service's archive."""

    @routes.get("/admin/events", permission=SEE_CASE)
    async def get_events(case: UUID, read: Read, after: AfterNumber = 0) -> list[EventView]:
        """Events of a case that this service published, in order."""
        rows = await read(many, _EVENTS, {"case": case, "after": min(after, MAX_BIGINT)})
        return [EventView.model_validate(row, from_attributes=True) for row in rows]
