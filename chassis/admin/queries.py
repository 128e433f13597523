"""Reading rows for a view: the shape `Read` calls."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, Row

from chassis.transaction import Transaction


async def one(tx: Transaction, statement: Executable) -> Row[Any] | None:
    """The first row of a statement without parameters."""
    return await tx.fetch_one(statement)


async def many(tx: Transaction, statement: Executable, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
    """All rows."""
    return await tx.fetch_all(statement, parameters)
