"""Conditions on region codes."""

from sqlalchemy import or_
from sqlalchemy.sql.elements import ColumnElement


def in_region(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Whether a region code is the prefix or lies within it."""
    return or_(column == prefix, column.startswith(prefix + ".", autoescape=True))
