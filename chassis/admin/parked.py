"""Parked messages as operators see and mend them."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel
from sqlalchemy import text

from chassis.admin.permissions import OPERATE
from chassis.admin.queries import many
from chassis.auth import Permission, Role
from chassis.commands import Command
from chassis.http import Act, Read, Routes
from chassis.paging import MAX_BIGINT, AfterNumber, Limit
from chassis.redrive import Redrive
from chassis.transaction import Transaction

if TYPE_CHECKING:
    from chassis.service import Service

REDRIVE = Permission("operation.redrive", {Role.OPERATOR})

_PARKED = text(
    """
    SELECT id, arrival, topic, partition, log_offset, key, type, reason, detail, trace_id, attempts,
           first_attempt_at, last_attempt_at
    FROM parked_message WHERE redriven_at IS NULL AND arrival > :after ORDER BY arrival LIMIT :limit
    """
)


class ParkedView(BaseModel):
    """A message that waits to be mended; its body stays sealed."""

    id: UUID
    arrival: int
    topic: str
    partition: int
    log_offset: int
    key: str | None
    type: str | None
    reason: str
    detail: str
    trace_id: str | None
    attempts: int
    first_attempt_at: datetime
    last_attempt_at: datetime


class RedriveKey(Command):
    """Try the parked messages of one key again, in order of arrival."""

    topic: str
    key: str


class RedriveResult(BaseModel):
    """How many messages took effect and how many still wait."""

    redriven: int
    waiting: int


def add_parked_routes(routes: Routes, service: "Service") -> None:
    """Messages that could not be processed, and trying them again."""

    @routes.get("/admin/parked", permission=OPERATE)
    async def get_parked(read: Read, after: AfterNumber = 0, limit: Limit = 200) -> list[ParkedView]:
        """Messages that could not be processed, oldest first."""
        rows = await read(many, _PARKED, {"after": min(after, MAX_BIGINT), "limit": limit})
        return [ParkedView.model_validate(row, from_attributes=True) for row in rows]

    @routes.post("/admin/parked/redrive", permission=REDRIVE, status_code=200)
    async def post_redrive(body: RedriveKey, act: Act) -> RedriveResult:
        """Process a key's parked messages again, in order; each takes effect once, however often this is asked."""
        redrive = Redrive(service.processor())
        done = 0

        async def usecase(_tx: Transaction, command: RedriveKey) -> UUID:
            nonlocal done
            done = await redrive.key(command.topic, command.key)
            return uuid5(NAMESPACE_URL, f"{command.topic}/{command.key}")

        await act(usecase, body)
        return RedriveResult(redriven=done, waiting=await redrive.waiting(topic=body.topic, key=body.key))

    @routes.post("/admin/parked/{message_id}/redrive", permission=REDRIVE, status_code=200)
    async def post_redrive_keyless(message_id: UUID, act: Act) -> RedriveResult:
        """Process a parked message that has no key again; it stands alone, so nothing else is touched."""
        redrive = Redrive(service.processor())
        done = 0

        async def usecase(_tx: Transaction, command: UUID) -> UUID:
            nonlocal done
            done = await redrive.keyless(command)
            return command

        await act(usecase, message_id)
        return RedriveResult(redriven=done, waiting=await redrive.waiting(message_id=message_id))
