"""One statement for any number of rows: INSERT and UPDATE from unnested arrays."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql

from chassis.transaction import Transaction

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


async def insert_rows(
    tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], *, on_conflict: str = ""
) -> set[UUID]:
    """Insert rows that all have the same columns; returns the ids (first column) of those inserted.

    `on_conflict` is a clause such as `ON CONFLICT DO NOTHING`.
    """
    if not rows:
        return set()
    names = tuple(rows[0])
    statement = (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({_arrays(table, names)}) "  # noqa: S608 - own names
        f"{on_conflict} RETURNING {names[0]}"
    )
    returned = await tx.fetch_all(text(statement), _columns(names, rows))
    return {row[0] for row in returned}


async def update_rows(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update rows by their first column with the values of the others, in one statement."""
    if not rows:
        return
    names = tuple(rows[0])
    key, *others = names
    assignments = ", ".join(f"{name} = fresh.{name}" for name in others)
    statement = (
        f"UPDATE {table.name} SET {assignments} "  # noqa: S608 - own names
        f"FROM unnest({_arrays(table, names)}) AS fresh ({', '.join(names)}) WHERE {table.name}.{key} = fresh.{key}"
    )
    await tx.execute(text(statement), _columns(names, rows))


def _arrays(table: Table, names: Sequence[str]) -> str:
    kinds = (table.c[name].type.compile(dialect=_DIALECT) for name in names)
    return ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in zip(names, kinds, strict=True))


def _columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}
