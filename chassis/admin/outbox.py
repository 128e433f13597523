"""The outbox as operators see and mend it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text

from chassis.admin.permissions import OPERATE
from chassis.admin.queries import one
from chassis.auth import Permission, Role
from chassis.errors import NotFound
from chassis.http import Act, Created, Read, Routes
from chassis.transaction import Transaction

RELEASE = Permission("operation.release", {Role.OPERATOR})

_OUTBOX = text(
    """
    SELECT count(*) AS depth, min(recorded_at) AS oldest_at, count(*) FILTER (WHERE held_reason IS NOT NULL) AS held,
           (SELECT instance FROM relay_leader) AS relay_leader, (SELECT beat_at FROM relay_leader) AS relay_beat_at
    FROM outbox WHERE published_at IS NULL
    """
)
_RELEASE = text(
    "UPDATE outbox SET held_reason = NULL WHERE event_id = :event_id AND published_at IS NULL"
    " AND held_reason IS NOT NULL RETURNING event_id"
)


class OutboxView(BaseModel):
    """What waits to be published, and who publishes."""

    depth: int
    oldest_at: datetime | None
    held: int
    relay_leader: str | None
    relay_beat_at: datetime | None


def add_outbox_routes(routes: Routes) -> None:
    """What waits to be published, who publishes, and what is held."""

    @routes.get("/admin/outbox", permission=OPERATE)
    async def get_outbox(read: Read) -> OutboxView:
        """Depth and age of the outbox, and the relay's leader."""
        return OutboxView.model_validate(await read(one, _OUTBOX), from_attributes=True)

    @routes.post("/admin/outbox/{event_id}/release", permission=RELEASE, status_code=200)
    async def post_release(event_id: UUID, act: Act) -> Created:
        """Let the relay try a held event again, once its cause is mended."""
        return await act(_release, event_id)


async def _release(tx: Transaction, event_id: UUID) -> UUID:
    if await tx.scalar(_RELEASE, {"event_id": event_id}) is None:
        raise NotFound(event_id=event_id)
    return event_id
