"""Keyset pages: a page costs the same wherever it lies, and rows added meanwhile shift nothing."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import or_
from sqlalchemy.sql.elements import ColumnElement

from chassis.commands import Command

ItemT = TypeVar("ItemT")


class Page(BaseModel, Generic[ItemT]):
    """Some items, and the id to give as `after` for those that follow; None at the end."""

    items: list[ItemT]
    next: UUID | None


class PageRequest(Command):
    """Where to go on, and how many."""

    after: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def page_of(items: Sequence[ItemT], ids: Sequence[UUID], limit: int) -> Page[ItemT]:
    """The page of up to `limit` of the items; the query asked for one more, to know whether others follow."""
    more = len(items) > limit
    return Page(items=list(items[:limit]), next=ids[limit - 1] if more else None)


def in_region(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Whether a region code is the prefix or lies within it."""
    return or_(column == prefix, column.startswith(prefix + ".", autoescape=True))
