"""The outbox as operators see and mend it."""

from datetime import datetime
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, Field
from sqlalchemy import text

from chassis.admin.permissions import OPERATE
from chassis.admin.queries import one
from chassis.auth import Permission, Role
from chassis.commands import Command
from chassis.errors import Conflict, NotFound
from chassis.http import Act, Created, Read, Routes
from chassis.outbox import HELD
from chassis.paging import MAX_BIGINT, AfterNumber, Limit, NumberedPage, cut_page
from chassis.relay import RELAY_NAME, STALE_AFTER_SECONDS
from chassis.transaction import Transaction

RELEASE = Permission("operation.release", {Role.OPERATOR})
REPUBLISH = Permission("operation.republish", {Role.OPERATOR})

_OUTBOX = text(
    f"""
    SELECT unsent.*, extract(epoch FROM clock_timestamp() - unsent.oldest_at)::float AS oldest_age_seconds,
           leader.instance AS relay_leader, leader.beat_at AS relay_beat_at,
           extract(epoch FROM clock_timestamp() - leader.beat_at)::float AS relay_beat_age_seconds,
           coalesce(leader.beat_at > statement_timestamp() - interval '{STALE_AFTER_SECONDS} s', false) AS relay_alive,
           coalesce(leader.unavailable_topics, '{{}}') AS unavailable_topics,
           (SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = '{RELAY_NAME}'
            AND pid IS DISTINCT FROM leader.backend_pid) AS relays_waiting,
           published.log_identity, published.replaced_by AS log_replaced_by
    FROM (SELECT count(*) AS depth, min(recorded_at) AS oldest_at,
                 count(*) FILTER (WHERE held_reason IS NOT NULL) AS held
          FROM outbox WHERE published_at IS NULL) AS unsent
    LEFT JOIN relay_leader AS leader ON true LEFT JOIN published_log AS published ON true
    """  # noqa: S608 - constants of ours
)
_STUCK = text(
    f"""
    WITH {HELD}, away AS MATERIALIZED (SELECT unnest(unavailable_topics) AS topic FROM relay_leader)
    SELECT o.position, event_id, type, topic, key, length(body) AS body_bytes, recorded_at,
           extract(epoch FROM clock_timestamp() - recorded_at)::float AS age_seconds,
           CASE WHEN held_reason IS NOT NULL THEN held_reason
                WHEN o.position > held.since THEN 'behind_held_event'
                ELSE 'topic_unavailable' END AS reason
    FROM outbox AS o LEFT JOIN held USING (topic, key)
    WHERE published_at IS NULL AND o.position > :after
    AND (EXISTS (SELECT FROM held) OR EXISTS (SELECT FROM away))
    AND (o.position >= held.since OR topic IN (SELECT topic FROM away))
    ORDER BY o.position LIMIT :limit
    """  # noqa: S608 - constants of ours
)
"""Asks first whether anything is stuck at all: while an archive is republished, millions of rows wait and none is."""
_RELEASE = text(
    "UPDATE outbox SET held_reason = NULL WHERE event_id = :event_id AND published_at IS NULL"
    " AND held_reason IS NOT NULL RETURNING event_id"
)
_ORDER_REPUBLISHING = text("UPDATE published_log SET republish_into = :log WHERE replaced_by = :log RETURNING true")


class OutboxView(BaseModel):
    """What waits to be published, who publishes, and into which log."""

    depth: int
    oldest_at: datetime | None
    oldest_age_seconds: float | None
    held: int
    unavailable_topics: list[str]
    relay_leader: str | None
    relay_beat_at: datetime | None
    relay_beat_age_seconds: float | None
    relay_alive: bool
    """Whether the leader gave a sign of life lately; a dead one is replaced by the next that waits."""
    relays_waiting: int
    """Other relays that would take over: 0 means that the next failure stops the events."""
    log_identity: str | None
    log_replaced_by: str | None
    """The log that answers instead of the one that was published into: nothing is sent until it is republished."""


class StuckEvent(BaseModel):
    """An event that does not go out although the relay works; `reason` says why."""

    position: int
    event_id: UUID
    type: str
    topic: str
    key: str
    body_bytes: int
    recorded_at: datetime
    age_seconds: float
    reason: str


class Republish(Command):
    """Send the whole archive into the log that replaced the one it was published into."""

    log_identity: Annotated[str, Field(max_length=200)]


class LogNotReplaced(Conflict):
    """Republishing into a log that has the events would tell everything twice."""

    title = "The broker does not answer with this log in the place of another"


def add_outbox_routes(routes: Routes) -> None:
    """What waits to be published, who publishes, what is stuck and why, and the two ways to mend it."""

    @routes.get("/admin/outbox", permission=OPERATE)
    async def get_outbox(read: Read) -> OutboxView:
        """Depth and age of the outbox, the relay's leader, and the log."""
        return OutboxView.model_validate(await read(one, _OUTBOX), from_attributes=True)

    @routes.get("/admin/outbox/stuck", permission=OPERATE)
    async def get_stuck(read: Read, after: AfterNumber = 0, limit: Limit = 50) -> NumberedPage[StuckEvent]:
        """Events that are held, wait behind a held one of their key, or wait for their topic; oldest first."""
        return await read(_stuck, min(after, MAX_BIGINT), limit)

    @routes.post("/admin/outbox/{event_id}/release", permission=RELEASE, status_code=200)
    async def post_release(event_id: UUID, act: Act) -> Created:
        """Let the relay try a held event again, once its cause is mended; also while a restored service waits."""
        return await act(_release, event_id, while_catching_up=True)

    @routes.post("/admin/outbox/republish", permission=REPUBLISH, status_code=202)
    async def post_republish(body: Republish, act: Act) -> Created:
        """Order the relay to send the archive into the log that answers now; it does so within seconds."""
        return await act(_republish, body, while_catching_up=True)


async def _stuck(tx: Transaction, after: int, limit: int) -> NumberedPage[StuckEvent]:
    rows = await tx.fetch_all(_STUCK, {"after": after, "limit": limit + 1})
    page = cut_page(rows, limit, lambda row: int(row.position))
    items = [StuckEvent.model_validate(row, from_attributes=True) for row in page.rows]
    return NumberedPage(items=items, next=page.next)


async def _release(tx: Transaction, event_id: UUID) -> UUID:
    if await tx.scalar(_RELEASE, {"event_id": event_id}) is None:
        raise NotFound(event_id=event_id)
    return event_id


async def _republish(tx: Transaction, command: Republish) -> UUID:
    if not await tx.scalar(_ORDER_REPUBLISHING, {"log": command.log_identity}):
        raise LogNotReplaced(log_identity=command.log_identity)
    return uuid5(NAMESPACE_URL, command.log_identity)
