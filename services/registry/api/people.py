"""People, contacts and regions."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.auth import ALL_ROLES, Permission, Role
from chassis.http import Read, Routes
from chassis.paging import AfterPlace, Limit, Page
from services.registry.domain.purpose import Purpose
from services.registry.usecases import find_people as show
from services.registry.usecases.find_regions import find_regions
from services.registry.usecases.look_up_contacts import LookUpContacts, look_up_contacts
from services.registry.usecases.resolve_people import ResolvePeople, resolve_people
from services.registry.views import ContactList, PersonLine, PersonView, RegionView, ResolvedList

routes = Routes(tags=["people"])

_OFFICERS = frozenset({Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.PENDAMPING})
LIST = Permission("people.list", roles=_OFFICERS)
READ = Permission("people.read", roles=_OFFICERS | {Role.SERVICE})
SEARCH = Permission("people.search", roles={Role.PETUGAS, Role.VERIFIKATOR})
RESOLVE = Permission("people.resolve", roles={Role.PETUGAS, Role.VERIFIKATOR, Role.SERVICE}, across_agencies=True)
CONTACTS = Permission("contacts.lookup", roles=_OFFICERS | {Role.KEPALA_DESA, Role.SERVICE}, across_agencies=True)
REGIONS = Permission("regions.read", roles=ALL_ROLES)

_CODE = r"^[0-9.]{0,13}$"
RegionCode = Annotated[str, Query(pattern=_CODE)]
AfterCode = Annotated[
    str | None, Query(pattern=_CODE, description="`next` of the page before; without it, the first page")
]


@routes.get("/people", permission=LIST)
async def get_people(
    read: Read,
    after: AfterPlace = None,
    limit: Limit = 50,
    region: RegionCode = "",
    purpose: Purpose = Purpose.CASE_WORK,
) -> Page[PersonLine]:
    """People in the reader's scope, by village and id."""
    return await read(show.find_people, after, limit, region, purpose)


@routes.post("/people/search", permission=SEARCH, status_code=200)
async def post_search(body: show.SearchPeople, read: Read) -> Page[PersonLine]:
    """People by part of the name."""
    return await read(show.search_people, body)


@routes.post("/people/resolve", permission=RESOLVE, status_code=200)
async def post_resolve(body: ResolvePeople, read: Read) -> ResolvedList:
    """Ids by NIK."""
    return await read(resolve_people, body)


@routes.get("/people/{person_id}", permission=READ)
async def get_person(person_id: UUID, read: Read, purpose: Purpose = Purpose.CASE_WORK) -> PersonView:
    """One person."""
    return await read(show.find_person, person_id, purpose)


@routes.post("/contacts/lookup", permission=CONTACTS, status_code=200)
async def post_contacts(body: LookUpContacts, read: Read) -> ContactList:
    """Names, phones and addresses by id."""
    return await read(look_up_contacts, body)


@routes.get("/regions", permission=REGIONS)
async def get_regions(
    read: Read, after: AfterCode = None, limit: Limit = 50, within: RegionCode = ""
) -> Page[RegionView]:
    """Region codes at and below a code, by code."""
    return await read(find_regions, after, limit, within)
