"""One statement with one array a column for any number of rows: INSERT, UPDATE, and a look-up of many.

A list of parameter mappings would run a statement once for each row, a list of values in `IN` be compiled, sent and
planned anew for each number of them. COPY would be faster still, but PostgreSQL refuses it under row-level security.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Table, TextClause, any_, literal, text
from sqlalchemy.dialects import postgresql

from chassis.transaction import Transaction

MANY_ROWS = 100
_PREFIX = "of_"
_DIALECT = postgresql.dialect()


def one_of(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """The condition that the column has one of the values."""
    return column == any_(literal(list(values), postgresql.ARRAY(column.type)))


async def insert_rows(
    tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], *, on_conflict: str = ""
) -> None:
    """Insert rows that all have the same columns; `on_conflict` is a clause such as `ON CONFLICT DO NOTHING`."""
    if rows:
        same, values = _parameters(rows)
        await tx.execute(_insert(table, tuple(rows[0]), same, on_conflict), values)


async def insert_new_rows(
    tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], *, on_conflict: str
) -> set[Any]:
    """The same, returning the first column of those that the clause let in."""
    if not rows:
        return set()
    same, values = _parameters(rows)
    names = tuple(rows[0])
    inserted = await tx.fetch_all(_insert(table, names, same, f"{on_conflict} RETURNING {names[0]}"), values)
    return {row[0] for row in inserted}


async def insert_together(tx: Transaction, *made: tuple[Table, Sequence[Mapping[str, Any]]]) -> None:
    """The same for several tables in one statement: one way to the database and back instead of one for each.

    What the transaction has locked is free the sooner. Foreign keys among the tables are checked at the end.
    """
    shapes: list[tuple[Table, tuple[str, ...], frozenset[str]]] = []
    values: dict[str, Any] = {}
    for place, (table, rows) in enumerate((table, rows) for table, rows in made if rows):
        same, columns = _parameters(rows)
        shapes.append((table, tuple(rows[0]), same))
        values |= {f"{_PREFIX}{place}_{name}": value for name, value in columns.items()}
    if shapes:
        await tx.execute(_insert_all(tuple(shapes)), values)


async def update_rows(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update rows by their first column with the values of the others."""
    if rows:
        same, values = _parameters(rows)
        await tx.execute(_update(table, tuple(rows[0]), same), values)


def _parameters(rows: Sequence[Mapping[str, Any]]) -> tuple[frozenset[str], dict[str, Any]]:
    """An array for each column; for one that is the same in each of many rows, its value and the column's name.

    Not in few rows: which columns happen to be the same would be another statement each time.
    """
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    if len(rows) < MANY_ROWS:
        return frozenset(), columns
    _, *others = columns
    same = frozenset(name for name in others if columns[name].count(columns[name][0]) == len(rows))
    return same, columns | {name: columns[name][0] for name in same}


@lru_cache(maxsize=256)
def _insert(table: Table, names: tuple[str, ...], same: frozenset[str], tail: str) -> TextClause:
    return text(f"INSERT INTO {table.name} ({', '.join(names)}) {_given(table, names, same)} {tail}")


@lru_cache(maxsize=256)
def _insert_all(shapes: tuple[tuple[Table, tuple[str, ...], frozenset[str]], ...]) -> TextClause:
    *others, last = (
        f"INSERT INTO {table.name} ({', '.join(names)}) {_given(table, names, same, f'{_PREFIX}{place}_')}"
        for place, (table, names, same) in enumerate(shapes)
    )
    begins = ", ".join(f"made_{place} AS ({statement})" for place, statement in enumerate(others))
    return text(f"WITH {begins} {last}" if others else last)


@lru_cache(maxsize=256)
def _update(table: Table, names: tuple[str, ...], same: frozenset[str]) -> TextClause:
    key, *others = names
    assignments = ", ".join(f"{name} = fresh.{name}" for name in others)
    return text(
        f"UPDATE {table.name} SET {assignments} FROM ({_given(table, names, same)}) AS fresh "  # noqa: S608 - ours
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
