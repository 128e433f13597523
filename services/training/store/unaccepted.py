"""Sheets that came on the inbound topic and could not be taken in."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, DateTime, Index, Integer, Row, Table, Text, Uuid, insert, select

from chassis.paging import PageRows, fetch_scoped_page
from chassis.transaction import Transaction
from services.training.store.tables import metadata

unaccepted_sheet = Table(
    "unaccepted_sheet",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("sender_agency", Text, nullable=False),
    Column("provider_code", Text, nullable=False),
    Column("class_id", Uuid, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("entries_count", Integer, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Index("unaccepted_sheet_class", "class_id", "id"),
    Index("unaccepted_sheet_scope", "agency", "region_code", "id"),
)


async def insert_unaccepted_sheets(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was sent and why it was not taken in."""
    if rows:
        await tx.execute(insert(unaccepted_sheet), rows)


async def page_of_unaccepted(
    tx: Transaction, class_id: UUID | None, after: str | None, limit: int
) -> PageRows[Row[Any], str]:
    """By agency and place, the newest first, of one class if asked."""
    statement = select(unaccepted_sheet)
    if class_id is not None:
        statement = statement.where(unaccepted_sheet.c.class_id == class_id)
    return await fetch_scoped_page(tx, statement, unaccepted_sheet, after, limit, newest_first=True)
