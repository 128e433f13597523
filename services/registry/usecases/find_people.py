"""Show people: pages, search, one person."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Row

from chassis.paging import Page, PageRequest, PageRows
from chassis.transaction import Transaction
from services.registry.domain import naming, nik
from services.registry.domain.purpose import Purpose
from services.registry.need import sees_names
from services.registry.store import assistance, corrections, people
from services.registry.usecases.find_corrections import correction_view
from services.registry.views import MembershipView, PersonLine, PersonView

_HISTORY_LIMIT = 200


class SearchPeople(PageRequest):
    """Search by part of the name; in a body, so that no name stands in an address or its log."""

    purpose: Purpose
    name: str = Field(min_length=3, max_length=100, repr=False)
    birth_date: date | None = None
    region: str = Field(default="", max_length=13)


async def find_people(
    tx: Transaction, after: str | None, limit: int, region: str, purpose: Purpose
) -> Page[PersonLine]:
    """A page of people in the reader's scope; names are masked, and no reading recorded, for readers without need."""
    return await _page(tx, await people.find_people(tx, after, limit, within=region), purpose)


async def search_people(tx: Transaction, wanted: SearchPeople) -> Page[PersonLine]:
    """People whose name contains the words searched for: among many people a page may be empty, and others follow."""
    found = await people.find_people(
        tx, wanted.after, wanted.limit, wanted.region, naming.tidy(wanted.name), wanted.birth_date
    )
    return await _page(tx, found, wanted.purpose)


async def _page(tx: Transaction, found: PageRows[Row[Any], str], purpose: Purpose) -> Page[PersonLine]:
    clear = sees_names(tx.officer)
    if clear:
        await tx.record_access(purpose, [row.id for row in found.rows])
    return Page(items=[_line(row, clear) for row in found.rows], next=found.next)


def _line(row: Row[Any], clear: bool) -> PersonLine:
    return PersonLine(
        person_id=row.id,
        family_id=row.family_id,
        name=row.name if clear else naming.masked(row.name),
        region_code=row.region_code,
        village=row.village,
        decile=row.decile,
        status=row.status,
    )


async def find_person(tx: Transaction, person_id: UUID, purpose: Purpose) -> PersonView:
    """One person with memberships and corrections; raises `PersonNotFound`."""
    found = await people.load_person(tx, person_id)
    clear = sees_names(tx.officer)
    await tx.record_access(purpose, [person_id])
    members = await assistance.load_memberships(tx, found.family_id)
    history = await corrections.find_corrections_of(tx, person_id, _HISTORY_LIMIT)
    source = found.decile_source
    return PersonView(
        person_id=found.id,
        family_id=found.family_id,
        version=found.version,
        name=found.name if clear else naming.masked(found.name),
        nik=nik.masked(found.nik),
        birth_date=found.birth_date if clear else None,
        address=found.address if clear else None,
        phone=found.phone or None if clear else None,
        email=found.email or None if clear else None,
        region_code=found.region_code,
        decile=found.decile,
        list_source=source.list_source.value,
        list_version=source.list_version,
        list_dated_on=source.list_dated_on,
        population_match=found.population_match.value,
        status=found.status.value,
        memberships=[
            MembershipView(
                scheme=member.scheme.value, state=member.state.value, since=member.since, ended_on=member.ended_on
            )
            for member in members
        ],
        corrections=[correction_view(tx, correction) for correction in history],
    )
