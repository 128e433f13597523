"""Read providers, courses and the programmes that are known."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from chassis.errors import NotFound
from chassis.paging import Page, fetch_page
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


class ProgrammeView(BaseModel):
    """A programme as disbursement told of it."""

    model_config = ConfigDict(from_attributes=True)

    programme_id: UUID
    programme_code: str
    region_code: str
    fiscal_year: int
    course_codes: list[str]


async def find_providers(tx: Transaction, after: UUID | None, limit: int) -> Page[ProviderView]:
    """Providers by id."""
    found = await fetch_page(tx, select(provider), provider.c.id, after, limit)
    return Page(items=[ProviderView.model_validate(row) for row in found.rows], next=found.next)


async def find_courses(tx: Transaction, after: UUID | None, limit: int) -> Page[CourseView]:
    """Courses by id."""
    found = await fetch_page(tx, select(course), course.c.id, after, limit)
    items = [
        CourseView(
            id=row.id,
            code=row.code,
            name=row.name,
            sessions=row.sessions,
            share_percent=row.share_percent,
            sessions_required=CompletionRule(row.sessions, row.share_percent).sessions_required,
        )
        for row in found.rows
    ]
    return Page(items=items, next=found.next)


async def find_programme(tx: Transaction, programme_id: UUID) -> ProgrammeView:
    """A known programme; raises NotFound until disbursement told of it."""
    row = await tx.fetch_one(select(programme).where(programme.c.programme_id == programme_id))
    if row is None:
        raise NotFound(programme_id=programme_id)
    return ProgrammeView.model_validate(row)
