"""What this service told and heard of a case, for the case's timeline."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy import text

from chassis.admin.queries import many
from chassis.auth import Permission, Role
from chassis.case_views import EVENTS_LIMIT, EventView, HeardState, HeardView
from chassis.http import Read, Routes
from chassis.paging import MAX_BIGINT, AfterNumber
from chassis.parking import BEHIND
from chassis.projection import consumer_of
from chassis.transaction import Transaction

if TYPE_CHECKING:
    from chassis.service import Service

SEE_CASE = Permission("case.see", {Role.OPERATOR, Role.ADMINISTRATOR, Role.SERVICE})

_EVENTS = text(
    """
    SELECT position, event_id, type, subject, key, headers ->> 'traceparent' AS traceparent,
           headers ->> 'ce_causationid' AS causation_id, recorded_at, published_at, held_reason,
           convert_from(body, 'UTF8')::jsonb AS data
    FROM outbox WHERE correlation_id = :case AND position > :after ORDER BY position LIMIT :limit
    """
)
_PROCESSED = text(
    """
    SELECT event_id, min(received_at) AS received_at FROM inbox
    WHERE consumer = :consumer AND event_id = ANY(:ids) AND event_id BETWEEN :first AND :last GROUP BY event_id
    """
)
"""The bounds say nothing new, but by them PostgreSQL leaves the partitions of other months alone."""
_PARKED = text(
    """
    SELECT event_id, type, reason, detail, trace_id, first_attempt_at, redriven_at FROM parked_message
    WHERE consumer = :consumer AND outcome IS DISTINCT FROM 'applied'
    AND (correlation_id = :case OR (key = :key AND redriven_at IS NULL)) ORDER BY arrival
    """
)


def add_case_routes(routes: Routes, service: "Service") -> None:
    """The events of a case that are in this service's archive, and how it stands to those of others."""

    @routes.get("/admin/events", permission=SEE_CASE)
    async def get_events(case: UUID, read: Read, after: AfterNumber = 0) -> list[EventView]:
        """Events of a case that this service published, in order."""
        parameters = {"case": case, "after": min(after, MAX_BIGINT), "limit": EVENTS_LIMIT}
        rows = await read(many, _EVENTS, parameters)
        return [EventView.model_validate(row, from_attributes=True) for row in rows]

    @routes.get("/admin/heard", permission=SEE_CASE)
    async def get_heard(
        case: UUID,
        read: Read,
        event_id: Annotated[tuple[UUID, ...], Query(max_length=EVENTS_LIMIT)] = (),
        key: Annotated[str | None, Query(max_length=200)] = None,
    ) -> list[HeardView]:
        """Where each of the events stands here, and whatever else is parked of the case or, if given, of the key."""
        return await read(_heard, service, case, event_id, key)


async def _heard(
    tx: Transaction, service: "Service", case: UUID, event_ids: Sequence[UUID], key: str | None
) -> list[HeardView]:
    projection = service.projection
    consumer = service.name if projection is None else await consumer_of(tx, projection)
    parked = await _parked(tx, consumer, case, key)
    found = {view.event_id: view for view in parked} | await _processed(tx, consumer, event_ids)
    asked = [found.get(one) or HeardView(event_id=one, state=HeardState.UNKNOWN) for one in event_ids]
    return asked + [view for view in parked if view.event_id not in event_ids]


async def _processed(tx: Transaction, consumer: str, event_ids: Sequence[UUID]) -> dict[UUID | None, HeardView]:
    if not event_ids:
        return {}
    parameters = {"consumer": consumer, "ids": list(event_ids), "first": min(event_ids), "last": max(event_ids)}
    return {
        row.event_id: HeardView(event_id=row.event_id, state=HeardState.PROCESSED, at=row.received_at)
        for row in await tx.fetch_all(_PROCESSED, parameters)
    }


async def _parked(tx: Transaction, consumer: str, case: UUID, key: str | None) -> list[HeardView]:
    rows = await tx.fetch_all(_PARKED, {"consumer": consumer, "case": case, "key": key})
    return [
        HeardView(
            event_id=row.event_id,
            state=HeardState.PARKED if row.redriven_at is None else HeardState.SET_ASIDE,
            at=row.first_attempt_at,
            type=row.type,
            reason=row.reason,
            detail=row.detail,
            trace_id=row.trace_id,
            behind=row.reason == BEHIND,
        )
        for row in rows
    ]
