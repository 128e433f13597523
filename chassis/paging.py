"""Keyset pages of lists: a page costs the same wherever it lies, and rows added meanwhile shift nothing.

The query asks for one row more than is shown: only that tells a full last page from one that others follow.

A list that grows with the people and is guarded by agency and region is paged in the order of both, then of its id: so
one index (`agency`, `region_code`, id) holds the page of every scope in one piece, from a village to everywhere. In
the order of ids alone, an officer of the last village would read past everybody else's rows first.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel, Field, TypeAdapter
from sqlalchemy import ColumnElement, Row, Select, Table, and_, literal, select, tuple_

from chassis.auth import ALL_AGENCIES
from chassis.commands import Command
from chassis.errors import Unprocessable
from chassis.transaction import Transaction

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT")
CursorT = TypeVar("CursorT")

LIMIT_MAX = 200
"""Items that one page may be asked to hold."""

MAX_BIGINT = 2**63 - 1
MAX_INTEGER = 2**31 - 1

BEFORE_ALL = UUID(int=0)
"""Precedes every id: where SQL text starts that compares with `after`."""
BEHIND_ALL = UUID(int=2**128 - 1)
"""Follows every id: the same, newest first."""

After = Annotated[UUID | None, Query(description="`next` of the page before; without it, the first page")]
AfterNumber = Annotated[int, Query(ge=0, description="`next` of the page before; 0: the first page")]
PLACE_MAX = 500
AfterPlace = Annotated[
    str | None, Query(max_length=PLACE_MAX, description="`next` of the page before; without it, the first page")
]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Items on the page at most")]


RegionCode = Annotated[str, Field(pattern=r"^([0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?)?$")]
"""A Kemendagri code of province, kabupaten, kecamatan or village; empty: all."""


VILLAGE_LENGTH = len("33.28.01.2001")
"""Of the code of a village: nothing lies within it."""


class Page(BaseModel, Generic[ItemT]):
    """Some items, and what to give as `after` for those that follow; None at the end."""

    items: list[ItemT]
    next: UUID | str | None


class NumberedPage(BaseModel, Generic[ItemT]):
    """A page of what is numbered and not identified, such as the rows of a file."""

    items: list[ItemT]
    next: int | None


class PageRequest(Command):
    """Where to go on and how many; the base of filters that are one model."""

    after: Annotated[str | None, Field(max_length=PLACE_MAX)] = None
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX)


class PageStartUnknown(Unprocessable):
    """`after` is no `next` of this list, or one of another scope."""

    title = "The page behind this one cannot be found: begin at the first page"


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
    key: ColumnElement[CursorT],
    after: CursorT | None,
    limit: int,
    *,
    newest_first: bool = False,
) -> PageRows[Row[Any], CursorT]:
    """The page behind `after` in the order of `key`: a unique column that the query selects."""
    if after is not None:
        query = query.where(key < after if newest_first else key > after)
    rows = await tx.fetch_all(query.order_by(key.desc() if newest_first else key).limit(limit + 1))
    return cut_page(rows, limit, lambda row: row._mapping[key])


async def fetch_scoped_page(
    tx: Transaction,
    query: Select[Any],
    table: Table,
    after: str | None,
    limit: int,
    *,
    equal: Mapping[str, object] | None = None,
    region: str | None = None,
    then: Sequence[str] = ("id",),
    newest_first: bool = False,
    looks_at: int | None = None,
) -> PageRows[Row[Any], str]:
    """The page behind `after` in the caller's scope, and within a region if asked: by agency, village, then `then`.

    `equal` names columns of the guarded table and what each must be; None is no filter. Where `state` is the only one,
    an index (`state`, `agency`, `region_code`, `then`) must serve it. `then` names columns of the guarded table; the
    last one is its unique id, and the query selects it. A query that no index serves, such as a part of a name, finds
    what it finds among the next `looks_at` rows: its page may hold less than others that follow, even nothing, and
    names a next one as long as there are rows to look at.

    `next` is the place behind which to go on, not a row: it stays where it is when that row moves to another village.
    A row that itself moves across the place while somebody turns the pages is missed, or seen twice. Raises
    `PageStartUnknown`.
    """
    fixed = _fixed(tx, table, region)
    wanted = {table.c[name]: value for name, value in (equal or {}).items() if value is not None}
    lead = _lead(table, wanted, fixed) if looks_at is None else {}
    columns = [column for name in ("agency", "region_code", *then) if (column := table.c[name]) not in (lead or fixed)]
    scope, here = in_scope(tx, table, region), tuple_(*lead, *columns)
    query = query.where(*(column == value for column, value in wanted.items() if column not in lead))
    order = [column.desc() if newest_first else column for column in (*lead, *columns)]
    scope = and_(scope, *_between(tx, table, lead, region, newest_first=newest_first, first_page=after is None))
    if after is not None:
        start = _row([*lead.values(), *_place_of(after, columns)])
        scope = and_(scope, here < start if newest_first else here > start)
    end = None
    if looks_at is not None:
        end = await tx.fetch_one(select(*columns).where(scope).order_by(*order).offset(looks_at - 1).limit(1))
    if end is not None:
        scope = and_(scope, here >= _row(end) if newest_first else here <= _row(end))
    places = [column.label(f"place_{number}") for number, column in enumerate(columns)]
    rows = await tx.fetch_all(query.add_columns(*places).where(scope).order_by(*order).limit(limit + 1))
    page = cut_page(rows, limit, lambda row: place_behind([row._mapping[place.name] for place in places]))
    return page if end is None or page.next is not None else PageRows(page.rows, place_behind(end))


def place_behind(values: Sequence[Any]) -> str:
    """`next` of a page that ended with these values of the list's columns in order, but those that are all the same."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode()


def values_of_place(place: str) -> list[Any]:
    """The values that `place_behind` was given. Raises ValueError or TypeError for anything else."""
    return list(orjson.loads(base64.urlsafe_b64decode(place)))


def _place_of(after: str, columns: Sequence[ColumnElement[Any]]) -> Sequence[Any]:
    try:
        pairs = zip(columns, values_of_place(after), strict=True)
        return [TypeAdapter(column.type.python_type).validate_python(value) for column, value in pairs]
    except (ValueError, TypeError):
        raise PageStartUnknown from None


def _row(values: Sequence[Any]) -> ColumnElement[Any]:
    return tuple_(*map(literal, values))


def _lead(
    table: Table, wanted: Mapping[Any, object], fixed: Mapping[ColumnElement[Any], str]
) -> dict[ColumnElement[Any], object]:
    """State and agency with their values, where a state is all that is asked for: bounds of rows that begin with them.

    With a comparison for each column PostgreSQL takes the index without the state where most rows are in it, and reads
    to the end of the scope for a last page; a row that begins with the state is found in its own index only. A village
    is small: there it would read all and sort them.
    """
    state = table.c.get("state")
    if state is None or set(wanted) != {state} or set(fixed) != {table.c.agency}:
        return {}
    return {state: wanted[state], table.c.agency: fixed[table.c.agency]}


def _between(
    tx: Transaction, table: Table, lead: Mapping[ColumnElement[Any], object], region: str | None,
    *, newest_first: bool, first_page: bool,
) -> list[ColumnElement[bool]]:  # fmt: skip
    """First and last place of what begins with `lead`, in the narrowest region; not the first one's of a later page."""
    if not lead:
        return []
    code = max(tx.officer.region, region or "", key=len)
    here, values = tuple_(*lead, table.c.region_code), list(lead.values())
    lowest = here >= _row([*values, code])
    highest = here < _row([*values, code + "/"]) if code else tuple_(*lead) <= _row(values)
    ends = [highest, lowest] if newest_first else [lowest, highest]
    return ends if first_page else ends[1:]


def in_scope(tx: Transaction, table: Table, region: str | None = None) -> ColumnElement[bool]:
    """The caller's scope, and a region within it, in conditions that an index serves.

    Row-level security says the same and stays what guards; but it asks a function about each row that was read.
    """
    fixed = [column == value for column, value in _fixed(tx, table, region).items()]
    codes = [code for code in (tx.officer.region, region) if code]
    return and_(True, *fixed, *(in_region(table.c.region_code, code) for code in codes))


def _fixed(tx: Transaction, table: Table, region: str | None) -> dict[ColumnElement[Any], str]:
    """Columns that are the same in all rows of the scope.

    Compared with the start of a page as well, they would make the planner expect hardly any row behind it, and read
    and sort all of them.
    """
    fixed: dict[ColumnElement[Any], str] = {}
    if tx.agency != ALL_AGENCIES:
        fixed[table.c.agency] = tx.agency
    village = next((code for code in (region, tx.officer.region) if code and len(code) == VILLAGE_LENGTH), None)
    if village is not None:
        fixed[table.c.region_code] = village
    return fixed


def in_region(column: ColumnElement[str], code: str) -> ColumnElement[bool]:
    """Whether a region code is this one or lies within it.

    One range, which no LIKE is to an index beneath row-level security: codes are digits and points, and in the
    collation "C", which these columns have, what follows `33.28` and its `33.28.…` is not below `33.28/`.
    """
    return and_(column >= code, column < code + "/")
