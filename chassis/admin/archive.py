"""The archive: every event this service ever told, in order, to rebuild a projection when the topics are gone."""

import asyncio
import base64
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Row, text

from chassis.auth import Permission, Role
from chassis.errors import Conflict
from chassis.http import Read, Routes
from chassis.paging import MAX_BIGINT, AfterNumber, NumberedPage, cut_page
from chassis.transaction import Transaction

READ_ARCHIVE = Permission("archive.read", {Role.OPERATOR, Role.SERVICE})

ARCHIVE_LIMIT = 500
WRITERS_TIMEOUT_SECONDS = 5.0
"""Longer than any transaction takes between its events and its commit, unless its process is frozen."""

_NEWEST = text("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'position')), 0)")
_WRITERS = text(
    """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = 'outbox'::regclass AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
)
_EVENTS = text(
    """
    SELECT position, event_id, topic, key, type, headers, body, recorded_at FROM outbox
    WHERE position > :after AND position <= :newest
    AND (type = ANY(CAST(:types AS text[])) OR cardinality(CAST(:types AS text[])) = 0)
    ORDER BY position LIMIT :limit
    """
)


class ArchivedEvent(BaseModel):
    """An event as it was or will be published; the body is that of the record."""

    position: int
    event_id: UUID
    topic: str
    key: str
    type: str
    headers: dict[str, str]
    body_base64: str
    recorded_at: datetime


class ArchiveBusy(Conflict):
    """A transaction that wrote events does not end: a page that passed it by would miss them for ever."""

    title = "Events are being written by a transaction that does not end; try again"


def add_archive_routes(routes: Routes) -> None:
    """Reading the archive page by page."""

    @routes.get("/admin/archive", permission=READ_ARCHIVE)
    async def get_archive(
        read: Read,
        after: AfterNumber = 0,
        limit: Annotated[int, Query(ge=1, le=ARCHIVE_LIMIT)] = 200,
        types: Annotated[
            list[Annotated[str, Field(max_length=200)]] | None,
            Query(alias="type", max_length=200, description="Only these types"),
        ] = None,
    ) -> NumberedPage[ArchivedEvent]:
        """Events behind a position. No event ever appears later at a position that a page has passed."""
        return await read(_archive, min(after, MAX_BIGINT), limit, types or [])


async def _archive(tx: Transaction, after: int, limit: int, types: Sequence[str]) -> NumberedPage[ArchivedEvent]:
    newest = await _settled_position(tx)
    parameters = {"after": after, "newest": newest, "types": list(types), "limit": limit + 1}
    page = cut_page(await tx.fetch_all(_EVENTS, parameters), limit, lambda row: int(row.position))
    return NumberedPage(items=[_event(row) for row in page.rows], next=page.next)


async def _settled_position(tx: Transaction) -> int:
    """The newest position, once every transaction that may hold it or a lower one has ended.

    Positions are taken before the commit: an event with a lower one may become visible after one with a higher.
    Who writes at this moment holds a lock on the table; who comes later takes higher positions and is not waited for.
    """
    newest = int(await tx.scalar(_NEWEST))
    writing = await _writers(tx)
    deadline = time.monotonic() + WRITERS_TIMEOUT_SECONDS
    while writing:
        if time.monotonic() > deadline:
            raise ArchiveBusy
        await asyncio.sleep(0.02)
        writing &= await _writers(tx)
    return newest


async def _writers(tx: Transaction) -> set[str]:
    return {row.virtualtransaction for row in await tx.fetch_all(_WRITERS)}


def _event(row: Row[Any]) -> ArchivedEvent:
    body = base64.b64encode(row.body).decode()
    return ArchivedEvent.model_validate({**row._mapping, "body_base64": body})
