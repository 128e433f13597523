"""Printed lists and their entries. Writers lock messages first, in id order, then lists.

Lists are opened in the order of their programme, matter, group and village, and withdrawn from in the order of their
ids; where the two meet, PostgreSQL ends one, which is repeated.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, text, update

from chassis.ids import derived_id, new_id
from chassis.transaction import Transaction
from services.notifications.domain.message import Matter, Message
from services.notifications.domain.printed_list import Entry, ListState, PrintedList, UnknownList
from services.notifications.store.tables import list_entry, printed_list

_OPEN_LIST = text(
    """
    INSERT INTO printed_list (
        id, programme_id, matter, group_id, agency, region_code, state, version, entries_count, created_at
    )
    VALUES (:id, :programme_id, :matter, :group_id, :agency, :region_code, 'open', 1, 1, :now)
    ON CONFLICT (agency, programme_id, matter, group_id, region_code) WHERE state = 'open' AND entries_count < 200
    DO UPDATE SET version = printed_list.version + 1, entries_count = printed_list.entries_count + 1
    RETURNING id
    """
)
"""A list that is full leaves the index, so that the next message makes a further one."""
_open_entry = list_entry.c.withdrawn_at.is_(None) & list_entry.c.acknowledged_on.is_(None)


async def list_for(tx: Transaction, message: Message) -> UUID:
    """The open list of the message's village and session that has room for it, made when there is none.

    It is locked, and counts the message as an entry.
    """
    values = {
        "programme_id": message.programme_id,
        "matter": message.matter.value,
        "group_id": message.group_id,
        "agency": message.agency,
        "region_code": message.region_code,
    }
    found = await tx.scalar(
        _OPEN_LIST, {"id": derived_id(message.id, "list", message.version), "now": tx.now, **values}
    )
    return UUID(str(found))


async def insert_entry(tx: Transaction, list_id: UUID, message_id: UUID) -> None:
    """Put a message on a list."""
    row = {"id": new_id(), "list_id": list_id, "message_id": message_id, "listed_at": tx.now}
    await tx.execute(insert(list_entry).values(row))


async def load_list(tx: Transaction, list_id: UUID, *, for_update: bool = False) -> PrintedList:
    """One list with its entries. Raises `UnknownList`."""
    statement = select(printed_list).where(printed_list.c.id == list_id)
    row = await tx.fetch_one(statement.with_for_update() if for_update else statement)
    if row is None:
        raise UnknownList(list_id=list_id)
    entries = select(list_entry).where(list_entry.c.list_id == list_id).order_by(list_entry.c.message_id)
    return _list(row, [_entry(entry) for entry in await tx.fetch_all(entries)])


async def save_list(tx: Transaction, changed: PrintedList) -> None:
    """Write state and version back."""
    await tx.execute(
        update(printed_list)
        .where(printed_list.c.id == changed.id)
        .values(state=changed.state.value, version=changed.version)
    )


async def acknowledge_entries(tx: Transaction, list_id: UUID, message_ids: Sequence[UUID], occurred_on: date) -> None:
    """Mark open entries as told, by the acting officer."""
    await _end_entries(
        tx,
        list_id,
        message_ids,
        {"acknowledged_on": occurred_on, "acknowledged_at": tx.now, "acknowledged_by": tx.officer.identity},
    )


async def withdraw_entries(tx: Transaction, list_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Take open entries off."""
    await _end_entries(tx, list_id, message_ids, {"withdrawn_at": tx.now})


async def _end_entries(tx: Transaction, list_id: UUID, message_ids: Sequence[UUID], values: dict[str, Any]) -> None:
    named = list_entry.c.message_id == func.any(bindparam("named", list(message_ids)))
    await tx.execute(update(list_entry).where(list_entry.c.list_id == list_id, named, _open_entry).values(values))


def _list(row: Row[Any], entries: list[Entry]) -> PrintedList:
    return PrintedList(
        id=row.id,
        programme_id=row.programme_id,
        matter=Matter(row.matter),
        group_id=row.group_id,
        agency=row.agency,
        region_code=row.region_code,
        state=ListState(row.state),
        version=row.version,
        entries=entries,
    )


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.message_id, withdrawn=row.withdrawn_at is not None, acknowledged_on=row.acknowledged_on)
