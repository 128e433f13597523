"""One statement with one array a column for any number of rows: INSERT, UPDATE, and a look-up of many.

A list of parameter mappings would run a statement once for each row, a list of values in `IN` be compiled, sent and
planned anew for each number of them. COPY would be faster still, but PostgreSQL refuses it under row-level security.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import JSON, ColumnElement, Table, TextClause, any_, literal, text
from sqlalchemy.dialects import postgresql

from chassis.transaction import Transaction
from chassis.writes import MARK, Write, one_statement

MANY_ROWS = 100
_DIALECT = postgresql.dialect()


def one_of(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """The condition that the column has one of the values."""
    return column == any_(literal(list(values), postgresql.ARRAY(column.type)))


def written(column: ColumnElement[Any], *values: str) -> ColumnElement[bool]:
    """The condition that the column has one of these values of ours, written into the statement itself.

    For states by which an index is partial: a plan made once, for whatever values, could not use it and would look
    through the table.
    """
    return column.in_([literal(value, literal_execute=True) for value in values])


async def insert_rows(
    tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], *, on_conflict: str = ""
) -> None:
    """Insert rows that all have the same columns; `on_conflict` is a clause such as `ON CONFLICT DO NOTHING`."""
    if rows:
        same, values = _parameters(table, rows)
        await tx.execute(_insert(table, tuple(rows[0]), same, on_conflict), values)


async def insert_new_rows(
    tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], *, on_conflict: str
) -> set[Any]:
    """The same, returning the first column of those that the clause let in."""
    if not rows:
        return set()
    same, values = _parameters(table, rows)
    names = tuple(rows[0])
    inserted = await tx.fetch_all(_insert(table, names, same, f"{on_conflict} RETURNING {names[0]}"), values)
    return {row[0] for row in inserted}


async def write_together(tx: Transaction, *writes: Write) -> None:
    """Several writes in one statement, now; `Transaction.later` puts them into the last one of the transaction."""
    if any(each.sql for each in writes):
        await tx.execute(*one_statement(writes))


@asynccontextmanager
async def written_meanwhile(tx: Transaction, *writes: Write) -> AsyncIterator[None]:
    """The same while the block goes on, which must not use the database: it makes what is told of what is written.

    Raises at the block's end what the database refused; nothing is under way any more when it raises.
    """
    under_way = asyncio.create_task(write_together(tx, *writes))
    try:
        # It is on its way to the database before Python has other things to do.
        await asyncio.sleep(0)
        yield
    except BaseException:
        # Whatever ends the block ends the write, and is what is raised: a cancellation must not become a refusal.
        under_way.cancel()
        await asyncio.gather(under_way, return_exceptions=True)
        raise
    await under_way


def inserting(table: Table, rows: Sequence[Mapping[str, Any]]) -> Write:
    """The rows, all with the same columns, for `write_together`."""
    if not rows:
        return Write("", {})
    same, values = _parameters(table, rows)
    return Write(_insert_sql(table, tuple(rows[0]), same, MARK), values)


def updating(table: Table, rows: Sequence[Mapping[str, Any]]) -> Write:
    """The rows by their first column, with the values of the others, for `write_together`."""
    if not rows:
        return Write("", {})
    same, values = _parameters(table, rows)
    return Write(_update_sql(table, tuple(rows[0]), same), values)


async def update_rows(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update rows by their first column with the values of the others."""
    await write_together(tx, updating(table, rows))


def _parameters(table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[frozenset[str], dict[str, Any]]:
    """An array for each column; for one that is the same in each of many rows, its value and the column's name.

    Not in few rows: which columns happen to be the same would be another statement each time.
    """
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    for name in (name for name in columns if isinstance(table.c[name].type, JSON)):
        columns[name] = [None if value is None else orjson.dumps(value).decode() for value in columns[name]]
    if len(rows) < MANY_ROWS:
        return frozenset(), columns
    _, *others = columns
    same = frozenset(name for name in others if columns[name].count(columns[name][0]) == len(rows))
    return same, columns | {name: columns[name][0] for name in same}


@lru_cache(maxsize=256)
def _insert(table: Table, names: tuple[str, ...], same: frozenset[str], tail: str) -> TextClause:
    return text(f"{_insert_sql(table, names, same)} {tail}")


@lru_cache(maxsize=256)
def _insert_sql(table: Table, names: tuple[str, ...], same: frozenset[str], mark: str = "") -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)}) {_given(table, names, same, mark)}"


@lru_cache(maxsize=256)
def _update_sql(table: Table, names: tuple[str, ...], same: frozenset[str]) -> str:
    key, *others = names
    assignments = ", ".join(f"{name} = fresh.{name}" for name in others)
    return (
        f"UPDATE {table.name} SET {assignments} FROM ({_given(table, names, same, MARK)}) AS fresh "  # noqa: S608 - ours
        f"WHERE {table.name}.{key} = fresh.{key}"
    )


def _given(table: Table, names: Sequence[str], same: frozenset[str], prefix: str = "") -> str:
    """A query for the rows."""
    kinds = {name: table.c[name].type.compile(dialect=_DIALECT) for name in names}
    differing = [name for name in names if name not in same]
    arrays = ", ".join(f"CAST(:{prefix}{name} AS {kinds[name]}[])" for name in differing)
    alike = {name: f"CAST(:{prefix}{name} AS {kinds[name]}) AS {name}" for name in same}
    columns = (alike.get(name, f"given.{name}") for name in names)
    return f"SELECT {', '.join(columns)} FROM unnest({arrays}) AS given ({', '.join(differing)})"  # noqa: S608 - ours
