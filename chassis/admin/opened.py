"""Looking into a parked message or a proposed mend: for a purpose, and on record each time."""

import base64
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from aiokafka import ConsumerRecord
from fastapi import Response
from pydantic import BaseModel
from sqlalchemy import text

from chassis.auth import Permission, Role
from chassis.commands import Command
from chassis.events import Catalogue
from chassis.http import Read, Routes, record_audit
from chassis.mending import MendNotFound, NotParked
from chassis.mends import load_mend, mended
from chassis.parking import unsealed
from chassis.transaction import Transaction

if TYPE_CHECKING:
    from chassis.service import Service

OPEN = Permission("operation.open_parked", {Role.OPERATOR, Role.ADMINISTRATOR})

_MESSAGE = text("SELECT * FROM parked_message WHERE id = :id")
_MESSAGE_OF_MEND = text(
    "SELECT * FROM parked_message WHERE id = (SELECT message_id FROM parked_mend WHERE id = :mend_id)"
)


class OpenPurpose(StrEnum):
    """What a look into a parked message is for."""

    FIND_CAUSE = "find_cause"
    MEND = "mend"
    INFORM_PUBLISHER = "inform_publisher"
    DATA_SUBJECT_REQUEST = "data_subject_request"
    """The person concerned asks what is held (UU 27/2022)."""


class OpenParked(Command):
    """The purpose, which goes on record."""

    purpose: OpenPurpose


class Content(BaseModel):
    """Bytes: as text where they are UTF-8, otherwise in base64; both None where there is nothing."""

    text: str | None = None
    base64: str | None = None


class HeaderView(Content):
    """A header."""

    name: str


class OpenedMessage(BaseModel):
    """What a parked message holds, or would hold by a proposed mend."""

    id: UUID
    key: Content
    headers: list[HeaderView]
    body: Content
    emptied: bool = False
    """Whether its content is gone, since it was settled so long ago (docs/retention.md)."""


def add_open_routes(routes: Routes, service: "Service") -> None:
    """Look into a parked message, or into the form that a mend proposes."""

    @routes.post("/admin/parked/{message_id}/open", permission=OPEN, status_code=200)
    async def post_open(message_id: UUID, body: OpenParked, read: Read, response: Response) -> OpenedMessage:
        """Key, headers and body as they arrived."""
        response.headers["Cache-Control"] = "no-store"
        return await read(_open_message, service.catalogue, message_id, body.purpose)

    @routes.post("/admin/mends/{mend_id}/open", permission=OPEN, status_code=200)
    async def post_open_mend(mend_id: UUID, body: OpenParked, read: Read, response: Response) -> OpenedMessage:
        """Key, headers and body as the mend would have them: what the second person decides on."""
        response.headers["Cache-Control"] = "no-store"
        return await read(_open_mend, service.catalogue, mend_id, body.purpose)


async def _open_message(tx: Transaction, catalogue: Catalogue, message_id: UUID, purpose: OpenPurpose) -> OpenedMessage:
    row = await tx.fetch_one(_MESSAGE, {"id": message_id})
    if row is None:
        raise NotParked(message_id=message_id)
    if row.headers_sealed is None:
        return _emptied(tx, message_id)
    return await _on_record(tx, catalogue, message_id, unsealed(tx.vault, row), purpose)


async def _open_mend(tx: Transaction, catalogue: Catalogue, mend_id: UUID, purpose: OpenPurpose) -> OpenedMessage:
    message = await tx.fetch_one(_MESSAGE_OF_MEND, {"mend_id": mend_id})
    if message is None:
        raise MendNotFound(mend_id=mend_id)
    if message.headers_sealed is None:
        return _emptied(tx, mend_id)
    record = mended(tx.vault, message, await load_mend(tx, mend_id))
    return await _on_record(tx, catalogue, mend_id, record, purpose)


def _emptied(tx: Transaction, opened_id: UUID) -> OpenedMessage:
    record_audit(tx, OPEN, opened_id)
    return OpenedMessage(id=opened_id, key=Content(), headers=[], body=Content(), emptied=True)


async def _on_record(
    tx: Transaction, catalogue: Catalogue, opened_id: UUID, record: ConsumerRecord[Any, Any], purpose: OpenPurpose
) -> OpenedMessage:
    record_audit(tx, OPEN, opened_id)
    await tx.record_access(purpose, _person_ids(catalogue, record))
    headers = [HeaderView(name=name, **_content(value).model_dump()) for name, value in record.headers]
    return OpenedMessage(id=opened_id, key=_content(record.key), headers=headers, body=_content(record.value))


def _content(value: bytes | None) -> Content:
    if value is None:
        return Content()
    try:
        return Content(text=value.decode())
    except UnicodeDecodeError:
        return Content(base64=base64.b64encode(value).decode())


def _person_ids(catalogue: Catalogue, record: ConsumerRecord[Any, Any]) -> list[UUID]:
    """Whom the message is about, as far as a broken one still tells: by its body, or by a key that is a person's."""
    told: list[object] = []
    try:
        body = orjson.loads(record.value or b"")
        told.append(body.get("person_id") if isinstance(body, dict) else None)
    except orjson.JSONDecodeError:
        pass
    kind = dict(record.headers).get("ce_type") or b""
    entry = catalogue.get(kind.decode("utf-8", "replace"))
    if entry is not None and entry.key == "person_id" and record.key is not None:
        told.append(record.key.decode("utf-8", "replace"))
    return sorted({found for one in told if (found := _id(one)) is not None})


def _id(told: object) -> UUID | None:
    try:
        return UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None
