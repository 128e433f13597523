"""Messages as officers see them: state and history, never text or number."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, func, select

from chassis.paging import Page, fetch_scoped_page, in_scope
from chassis.transaction import Transaction
from services.notifications.domain.message import Channel, Matter, MessageState
from services.notifications.domain.outcome import FailureReason
from services.notifications.domain.template import TemplateCode
from services.notifications.store.messages import UnknownMessage
from services.notifications.store.tables import attempt, message


class AttemptView(BaseModel):
    """One way tried; `reference` is the client reference at the gateway."""

    reference: UUID
    number: int
    channel: Channel
    state: str
    tries: int
    started_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    vendor_code: str | None
    segments: int | None


class MessageView(BaseModel):
    """One message."""

    id: UUID
    person_id: UUID
    programme_id: UUID
    case_id: UUID
    matter: Matter
    subject_id: UUID
    template_code: TemplateCode
    template_version: int
    agency: str
    region_code: str
    relevant_until: date | None
    state: MessageState
    version: int
    reason: FailureReason | None
    list_id: UUID | None
    attempts_count: int
    next_attempt_at: datetime | None
    created_at: datetime


class MessageDetail(MessageView):
    """One message with its attempts."""

    attempts: list[AttemptView]


class MessageCount(BaseModel):
    """How many messages of a template stand in a state."""

    template_code: TemplateCode
    state: MessageState
    count: int


async def find_messages(
    tx: Transaction,
    *,
    state: MessageState | None = None,
    template_code: TemplateCode | None = None,
    person_id: UUID | None = None,
    programme_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[MessageView]:
    """A page of messages, by agency, village and id."""
    equal = {"state": state, "template_code": template_code, "person_id": person_id, "programme_id": programme_id}
    found = await fetch_scoped_page(tx, select(message), message, after, limit, equal=equal)
    return Page(items=[_view(row) for row in found.rows], next=found.next)


async def find_message(tx: Transaction, message_id: UUID) -> MessageDetail:
    """One message with its attempts. Raises `UnknownMessage`."""
    row = await tx.fetch_one(select(message).where(message.c.id == message_id))
    if row is None:
        raise UnknownMessage(message_id=message_id)
    tried = select(attempt).where(attempt.c.message_id == message_id).order_by(attempt.c.number)
    attempts = [AttemptView.model_validate({**one._mapping, "reference": one.id}) for one in await tx.fetch_all(tried)]
    return MessageDetail(**_view(row).model_dump(), attempts=attempts)


async def count_messages(tx: Transaction, programme_id: UUID) -> list[MessageCount]:
    """A programme's messages by template and state, counted in the index alone."""
    statement = (
        select(message.c.template_code, message.c.state, func.count().label("count"))
        .where(message.c.programme_id == programme_id, in_scope(tx, message))
        .group_by(message.c.template_code, message.c.state)
        .order_by(message.c.template_code, message.c.state)
    )
    rows = await tx.fetch_all(statement)
    return [MessageCount.model_validate(dict(row._mapping)) for row in rows]


def _view(row: Row[Any]) -> MessageView:
    return MessageView.model_validate(dict(row._mapping))
