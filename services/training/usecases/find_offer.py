"""Read providers, courses and the programmes that are known."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Table, select

from chassis.errors import NotFound
from chassis.transaction import Transaction
from services.training.domain.course import CompletionRule
from services.training.store.tables import course, programme, provider


class ProviderView(BaseModel):
    """A training provider."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    region_code: str


class CourseView(BaseModel):
    """A course, and what its rule requires."""

    id: UUID
    code: str
    name: str
    sessions: int
    share_percent: int
    sessions_required: int


class ProviderPage(BaseModel):
    """Providers by id."""

    items: list[ProviderView]
    next: UUID | None


class CoursePage(BaseModel):
    """Courses by id."""

    items: list[CourseView]
    next: UUID | None


class ProgrammeView(BaseModel):
    """A programme as disbursement told of it."""

    model_config = ConfigDict(from_attributes=True)

    programme_id: UUID
    programme_code: str
    region_code: str
    fiscal_year: int
    course_codes: list[str]


async def find_providers(tx: Transaction, after: UUID | None, limit: int) -> ProviderPage:
    """One page of providers."""
    rows = await _page(tx, provider, after, limit)
    items = [ProviderView.model_validate(row) for row in rows]
    return ProviderPage(items=items, next=items[-1].id if len(items) == limit else None)


async def find_courses(tx: Transaction, after: UUID | None, limit: int) -> CoursePage:
    """One page of courses."""
    items = [
        CourseView(
            id=row.id,
            code=row.code,
            name=row.name,
            sessions=row.sessions,
            share_percent=row.share_percent,
            sessions_required=CompletionRule(row.sessions, row.share_percent).sessions_required,
        )
        for row in await _page(tx, course, after, limit)
    ]
    return CoursePage(items=items, next=items[-1].id if len(items) == limit else None)


async def find_programme(tx: Transaction, programme_id: UUID) -> ProgrammeView:
    """A known programme; raises NotFound until disbursement told of it."""
    row = await tx.fetch_one(select(programme).where(programme.c.programme_id == programme_id))
    if row is None:
        raise NotFound(programme_id=programme_id)
    return ProgrammeView.model_validate(row)


async def _page(tx: Transaction, table: Table, after: UUID | None, limit: int) -> list[Any]:
    statement = select(table).order_by(table.c.id).limit(limit)
    if after is not None:
        statement = statement.where(table.c.id > after)
    return list(await tx.fetch_all(statement))
