"""What the modules of the API share: permissions, pages of a list, acts about a resource of the path."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.transaction import Transaction

CommandT = TypeVar("CommandT")
ViewT = TypeVar("ViewT", bound=BaseModel)

READ = Permission("disbursement.read", roles={Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.PENDAMPING})

Limit = Annotated[int, Query(ge=1, le=200)]


class ItemPage(BaseModel, Generic[ViewT]):
    """A page of a list; `next` is the `after` of the next page."""

    items: list[ViewT]
    next: UUID | None = None


def page(view: type[ViewT], rows: Sequence[Any], limit: int) -> ItemPage[ViewT]:
    """Rows as a page; a full page may have a next one."""
    return ItemPage(items=views(view, rows), next=rows[-1].id if len(rows) == limit else None)


def views(view: type[ViewT], rows: Sequence[Any]) -> list[ViewT]:
    """Rows as views."""
    return [view.model_validate(dict(row._mapping)) for row in rows]


def about(
    usecase: Callable[[Transaction, UUID, CommandT], Awaitable[UUID]], resource_id: UUID
) -> Callable[[Transaction, CommandT], Awaitable[UUID]]:
    """A use case bound to the resource that the path names."""

    async def bound(tx: Transaction, command: CommandT) -> UUID:
        return await usecase(tx, resource_id, command)

    return bound
