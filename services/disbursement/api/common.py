"""What the modules of the API share: permissions, pages of a list, acts about a resource of the path."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.paging import Page, PageRows
from chassis.transaction import Transaction

CommandT = TypeVar("CommandT")
ViewT = TypeVar("ViewT", bound=BaseModel)

READ = Permission("disbursement.read", roles={Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.PENDAMPING})


def page(view: type[ViewT], found: PageRows[Any, Any]) -> Page[ViewT]:
    """Rows as a page of views."""
    return Page(items=views(view, found.rows), next=found.next)


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
