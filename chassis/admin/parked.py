"""Parked messages as operators see and mend them."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import BaseModel, model_validator
from sqlalchemy import text

from chassis.admin.permissions import OPERATE
from chassis.admin.queries import many
from chassis.auth import Permission, Role
from chassis.errors import Conflict, NotFound
from chassis.http import Act, Created, Read, Routes
from chassis.paging import MAX_BIGINT, AfterNumber, Limit, NumberedPage, cut_page
from chassis.projection import consumer_of
from chassis.redrive import REDRIVE_JOB
from chassis.redrive_plan import Selection, finds_any, first_of_key
from chassis.transaction import Transaction

if TYPE_CHECKING:
    from chassis.service import Service

REDRIVE = Permission("operation.redrive", {Role.OPERATOR})

_PARKED = text(
    """
    SELECT id, arrival, topic, partition, log_offset, key, type, event_id, correlation_id, reason, detail, trace_id,
           attempts, first_attempt_at, last_attempt_at
    FROM parked_message WHERE redriven_at IS NULL AND arrival > :after
    AND consumer NOT IN (SELECT consumer FROM generation WHERE state <> 'live')
    ORDER BY arrival LIMIT :limit
    """
)
_RESULTS = text(
    """
    SELECT result.*, message.type FROM redrive_result AS result JOIN parked_message AS message USING (arrival)
    WHERE job_id = :job_id AND arrival > :after ORDER BY arrival LIMIT :limit
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
    event_id: UUID | None
    correlation_id: UUID | None
    reason: str
    detail: str
    trace_id: str | None
    attempts: int
    first_attempt_at: datetime
    last_attempt_at: datetime


class RedriveParked(Selection):
    """Try parked messages again: exactly one of `message_id`, `topic` with `key`, `type`, `reason`, `all`."""

    @model_validator(mode="after")
    def _exactly_one(self) -> "RedriveParked":
        whole_key = self.topic is not None or self.key is not None
        chosen = [self.message_id is not None, whole_key, self.type is not None, self.reason is not None, self.all]
        if sum(chosen) != 1 or (self.topic is None) != (self.key is None):
            raise ValueError("give exactly one of message_id, topic with key, type, reason, all")
        return self


class NothingParked(NotFound):
    """The selection holds no message that waits."""

    title = "Nothing that is parked here is selected"


class NotFirstOfKey(Conflict):
    """Within a key the order of arrival is kept; the facts name the message to take first."""

    title = "An earlier message of the same key must take effect first"


class RedriveResultView(BaseModel):
    """What became of a message of a redrive: queued, applied, set_aside, failed, or waiting_behind one that failed."""

    arrival: int
    message_id: UUID
    topic: str
    key: str | None
    type: str | None
    outcome: str
    reason: str | None
    detail: str | None
    mend_id: UUID | None
    """The approved mend in whose form the message was taken."""
    settled_at: datetime | None


def add_parked_routes(routes: Routes, service: "Service") -> None:
    """Messages that could not be processed, and trying them again."""

    @routes.get("/admin/parked", permission=OPERATE)
    async def get_parked(read: Read, after: AfterNumber = 0, limit: Limit = 200) -> list[ParkedView]:
        """Messages that could not be processed, oldest first."""
        rows = await read(many, _PARKED, {"after": min(after, MAX_BIGINT), "limit": limit})
        return [ParkedView.model_validate(row, from_attributes=True) for row in rows]

    @routes.post("/admin/parked/redrive", permission=REDRIVE)
    async def post_redrive(body: RedriveParked, act: Act) -> Created:
        """Queue a redrive; answers its job's id. Each message takes effect once, in order of arrival per key."""

        async def usecase(tx: Transaction, command: RedriveParked) -> UUID:
            projection = service.projection
            consumer = service.name if projection is None else await consumer_of(tx, projection)
            return await _start(tx, consumer, command)

        return await act(usecase, body)

    @routes.get("/admin/redrives/{job_id}", permission=OPERATE)
    async def get_redrive(
        job_id: UUID, read: Read, after: AfterNumber = 0, limit: Limit = 200
    ) -> NumberedPage[RedriveResultView]:
        """What became of each message of a redrive, in order of arrival."""
        asked = {"job_id": job_id, "after": min(after, MAX_BIGINT), "limit": limit + 1}
        found = cut_page(await read(many, _RESULTS, asked), limit, lambda row: int(row.arrival))
        items = [RedriveResultView.model_validate(row, from_attributes=True) for row in found.rows]
        return NumberedPage(items=items, next=found.next)


async def _start(tx: Transaction, consumer: str, command: RedriveParked) -> UUID:
    """Raises `NothingParked`, and `NotFirstOfKey` for a message behind another one."""
    if not await finds_any(tx, consumer, command):
        raise NothingParked
    if command.message_id is not None:
        first_id = await first_of_key(tx, command.message_id)
        if first_id not in (None, command.message_id):
            raise NotFirstOfKey(first_id=first_id)
    return await tx.start_job(REDRIVE_JOB, command.model_dump(mode="json"))
