"""Printed lists as officers see them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, Select, func, select, true

from chassis.paging import Page, fetch_scoped_page
from chassis.transaction import Transaction
from services.notifications.domain.message import Matter
from services.notifications.domain.printed_list import ListState, UnknownList
from services.notifications.domain.template import TemplateCode, fact_values, fill
from services.notifications.scope import only_agency, reaches
from services.notifications.store import templates as template_store
from services.notifications.store.tables import list_entry, message, printed_list


class ListView(BaseModel):
    """One list; `version` is what an acknowledgement names."""

    id: UUID
    programme_id: UUID
    matter: Matter
    group_id: UUID
    agency: str
    region_code: str
    state: ListState
    version: int
    created_at: datetime
    open_count: int
    acknowledged_count: int


class EntryView(BaseModel):
    """One line: who has to be told what (without the name), and whether it was done."""

    message_id: UUID
    person_id: UUID
    text: str
    withdrawn: bool
    acknowledged_on: date | None


class ListDetail(ListView):
    """One list with its lines."""

    region_name: str
    entries: list[EntryView]


_open = list_entry.c.withdrawn_at.is_(None) & list_entry.c.acknowledged_on.is_(None)


async def find_lists(
    tx: Transaction,
    *,
    state: ListState | None = None,
    programme_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[ListView]:
    """A page of lists, by agency, village and id."""
    statement = _lists()
    if (agency := only_agency(tx.officer)) is not None:
        statement = statement.where(printed_list.c.agency == agency)
    equal = {"state": state, "programme_id": programme_id}
    found = await fetch_scoped_page(tx, statement, printed_list, after, limit, equal=equal)
    return Page(items=[ListView.model_validate(dict(row._mapping)) for row in found.rows], next=found.next)


async def find_list(tx: Transaction, list_id: UUID) -> ListDetail:
    """One list with its lines. Raises `UnknownList`."""
    row = await tx.fetch_one(_lists().where(printed_list.c.id == list_id))
    if row is None or not reaches(tx.officer, row.agency):
        raise UnknownList(list_id=list_id)
    entries = (
        select(list_entry, message.c.person_id, message.c.template_code, message.c.template_version, message.c.facts)
        .join(message, message.c.id == list_entry.c.message_id)
        .where(list_entry.c.list_id == list_id)
        .order_by(list_entry.c.listed_at, list_entry.c.id)
    )
    lines = await _entries(tx, list(await tx.fetch_all(entries)))
    named = await template_store.labels(tx, [("region", row.region_code)]) if row.region_code else {}
    region_name = named.get(("region", row.region_code), "")
    return ListDetail(**dict(row._mapping), region_name=region_name, entries=lines)


async def find_list_to_print(tx: Transaction, list_id: UUID) -> ListDetail:
    """The same for the page that shows names: leaves an access record for the people still to be told."""
    found = await find_list(tx, list_id)
    await tx.record_access("invitation", [one.person_id for one in found.entries if is_open(one)])
    return found


def is_open(entry: EntryView) -> bool:
    """Whether the person still has to be told."""
    return not entry.withdrawn and entry.acknowledged_on is None


def _lists() -> Select[Any]:
    counts = (
        select(
            func.count().filter(_open).label("open_count"),
            func.count(list_entry.c.acknowledged_on).label("acknowledged_count"),
        )
        .where(list_entry.c.list_id == printed_list.c.id)
        .lateral("counts")
    )
    return select(printed_list, counts).select_from(printed_list.join(counts, true()))


async def _entries(tx: Transaction, rows: list[Row[Any]]) -> list[EntryView]:
    wanted = {(TemplateCode(row.template_code), row.template_version) for row in rows}
    templates = await template_store.load_versions(tx, wanted) if wanted else {}
    lines = []
    for row in rows:
        text = templates[TemplateCode(row.template_code), row.template_version].list_text or ""
        lines.append(
            EntryView(
                message_id=row.message_id,
                person_id=row.person_id,
                text=fill(text, fact_values(row.facts)),
                withdrawn=row.withdrawn_at is not None,
                acknowledged_on=row.acknowledged_on,
            )
        )
    return lines
