"""Mending parked messages by two persons, as they see and do it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, text

from chassis.admin.permissions import OPERATE
from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.mending import MendNotFound, ProposeMend, approve_mend, proposing, reject_mend
from chassis.mends import MendKind, MendReason
from chassis.paging import BEFORE_ALL, After, Limit, Page, cut_page
from chassis.records import RecordReader
from chassis.transaction import Transaction

if TYPE_CHECKING:
    from chassis.service import Service

PROPOSE = Permission("operation.propose_mend", {Role.OPERATOR})
DECIDE = Permission("operation.decide_mend", {Role.OPERATOR, Role.ADMINISTRATOR})

_COLUMNS = """
    SELECT mend.id, mend.message_id, mend.kind, mend.reason, mend.state, mend.maker, mend.proposed_at, mend.checker,
           mend.decided_at, mend.job_id, message.topic, message.key, message.type,
           mend.attempts <> message.attempts OR message.redriven_at IS NOT NULL AS stale
    FROM parked_mend AS mend JOIN parked_message AS message ON message.id = mend.message_id
"""
_OPEN = text(f"{_COLUMNS} WHERE mend.state = 'proposed' AND mend.id > :after ORDER BY mend.id LIMIT :limit")
_MEND = text(f"{_COLUMNS} WHERE mend.id = :id")


class MendView(BaseModel):
    """A proposal and what became of it; the form proposed stays sealed."""

    id: UUID
    message_id: UUID
    topic: str
    key: str | None
    type: str | None
    kind: MendKind
    reason: MendReason
    state: str
    stale: bool
    """The message was tried since, or is settled."""
    maker: str
    proposed_at: datetime
    checker: str | None
    decided_at: datetime | None
    job_id: UUID | None
    """The redrive that the approval started."""


def add_mend_routes(routes: Routes, service: "Service") -> None:
    """Propose, see, approve, reject."""
    propose = proposing(RecordReader(service.name, service.catalogue, service.consumers.kinds))

    @routes.post("/admin/parked/{message_id}/mends", permission=PROPOSE)
    async def post_mend(message_id: UUID, body: ProposeMend, act: Act) -> Created:
        """Propose another form of a parked message, or to set it aside; a second person decides."""
        return await act(propose, (message_id, body))

    @routes.get("/admin/mends", permission=OPERATE)
    async def get_mends(read: Read, after: After = None, limit: Limit = 50) -> Page[MendView]:
        """Proposals that wait for a second person, oldest first."""
        found = cut_page(await read(_open, after or BEFORE_ALL, limit + 1), limit, lambda row: UUID(str(row.id)))
        return Page(items=[MendView.model_validate(row, from_attributes=True) for row in found.rows], next=found.next)

    @routes.get("/admin/mends/{mend_id}", permission=OPERATE)
    async def get_mend(mend_id: UUID, read: Read) -> MendView:
        """One proposal; once approved, with the redrive it started."""
        return MendView.model_validate(await read(_one, mend_id), from_attributes=True)

    @routes.post("/admin/mends/{mend_id}/approve", permission=DECIDE)
    async def post_approve(mend_id: UUID, act: Act) -> Created:
        """Let the mend count and redrive the message's key."""
        return await act(approve_mend, mend_id)

    @routes.post("/admin/mends/{mend_id}/reject", permission=DECIDE)
    async def post_reject(mend_id: UUID, act: Act) -> Created:
        """Refuse the mend; the message waits as before."""
        return await act(reject_mend, mend_id)


async def _open(tx: Transaction, after: UUID, limit: int) -> Sequence[Row[Any]]:
    return await tx.fetch_all(_OPEN, {"after": after, "limit": limit})


async def _one(tx: Transaction, mend_id: UUID) -> Row[Any]:
    row = await tx.fetch_one(_MEND, {"id": mend_id})
    if row is None:
        raise MendNotFound(mend_id=mend_id)
    return row
