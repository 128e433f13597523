"""Keyset pages of lists: a page costs the same wherever it lies, and rows added meanwhile shift nothing.

The query asks for one row more than is shown: only that tells a full last page from one that others follow.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Row, Select
from sqlalchemy.sql.elements import ColumnElement

from chassis.commands import Command
from chassis.transaction import Transaction

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")
CursorT = TypeVar("CursorT")

LIMIT_MAX = 200
"""Items that one page may be asked to hold."""

MAX_BIGINT = 2**63 - 1

BEFORE_ALL = UUID(int=0)
"""Precedes every id: where SQL text starts that compares with `after`."""

After = Annotated[UUID | None, Query(description="`next` of the page before; without it, the first page")]
AfterNumber = Annotated[int, Query(ge=0, description="`next` of the page before; 0: the first page")]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Items on the page at most")]


class Page(BaseModel, Generic[ItemT]):
    """Some items, and what to give as `after` for those that follow; None at the end."""

    items: list[ItemT]
    next: UUID | None


class NumberedPage(BaseModel, Generic[ItemT]):
    """A page of what is numbered and not identified, such as the rows of a file."""

    items: list[ItemT]
    next: int | None


class PageRequest(Command):
    """Where to go on and how many; the base of filters that are one model."""

    after: UUID | None = None
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX)


class PageRows(NamedTuple, Generic[RowT, CursorT]):
    """The rows of a page before they are made items."""

    rows: Sequence[RowT]
    next: CursorT | None


def cut_page(rows: Sequence[RowT], limit: int, cursor_of: Callable[[RowT], CursorT]) -> PageRows[RowT, CursorT]:
    """The first `limit` of the rows, and the last one's cursor if the query, asked for one more, found it."""
    shown = rows[:limit]
    return PageRows(shown, cursor_of(shown[-1]) if len(rows) > limit else None)


async def fetch_page(
    tx: Transaction,
    query: Select[Any],
    key: ColumnElement[UUID],
    after: UUID | None,
    limit: int,
    *,
    newest_first: bool = False,
) -> PageRows[Row[Any], UUID]:
    """The page behind `after` in the order of `key`: a unique column that the query selects."""
    if after is not None:
        query = query.where(key < after if newest_first else key > after)
    rows = await tx.fetch_all(query.order_by(key.desc() if newest_first else key).limit(limit + 1))
    return cut_page(rows, limit, lambda row: row._mapping[key])
