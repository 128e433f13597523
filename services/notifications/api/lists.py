"""Printed lists for village heads and mentors."""

from uuid import UUID

import httpx
from fastapi import Request
from fastapi.responses import HTMLResponse

from chassis.auth import Permission, Role
from chassis.errors import Refusal
from chassis.http import Act, Created, Read, Routes
from chassis.i18n import Language
from chassis.pages import render
from chassis.paging import AfterPlace, Limit, Page
from chassis.tls import trusted
from services.notifications.api.messages import ACKNOWLEDGE
from services.notifications.clients.registry import Contact, ContactBook
from services.notifications.domain.outcome import NotTried
from services.notifications.domain.printed_list import ListState
from services.notifications.settings import Settings
from services.notifications.usecases.acknowledge_list import AcknowledgeList, AcknowledgeListBody, acknowledge_list
from services.notifications.usecases.find_lists import (
    ListDetail,
    ListView,
    find_list,
    find_list_to_print,
    find_lists,
    is_open,
)

SEE_LISTS = Permission(
    "list.see", {Role.KEPALA_DESA, Role.PENDAMPING, Role.PETUGAS, Role.VERIFIKATOR, Role.OPERATOR}, across_agencies=True
)
PRINT_LIST = Permission("list.print", {Role.KEPALA_DESA, Role.PENDAMPING, Role.PETUGAS}, across_agencies=True)
"""Across agencies for village heads and mentors; the use cases hold everybody else to their own (`scope`)."""


class ContactsNotAvailable(Refusal):
    """The registry does not answer, and a list without names is of no use."""

    status = 503
    title = "Names cannot be looked up at the moment; try again"


routes = Routes(tags=["lists"])


@routes.get("/lists", permission=SEE_LISTS)
async def get_lists(
    read: Read,
    state: ListState | None = None,
    programme_id: UUID | None = None,
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[ListView]:
    """A page of lists, by agency, village and id."""
    return await read(find_lists, state=state, programme_id=programme_id, after=after, limit=limit)


@routes.get("/lists/{list_id}", permission=SEE_LISTS)
async def get_list(list_id: UUID, read: Read) -> ListDetail:
    """One list with its lines, without names."""
    return await read(find_list, list_id)


@routes.get("/lists/{list_id}/page", permission=PRINT_LIST, response_class=HTMLResponse)
async def get_list_page(list_id: UUID, read: Read, request: Request) -> HTMLResponse:
    """The list to print, with the names of those still to be told; each printing leaves an access record."""
    found = await read(find_list_to_print, list_id)
    settings: Settings = request.app.state.settings
    lines = [entry for entry in found.entries if is_open(entry)]
    contacts = await _contacts(settings, [entry.person_id for entry in lines])
    rows = [(contacts.get(entry.person_id), entry) for entry in lines]
    rows.sort(key=lambda row: row[0].name if row[0] else "")
    page = render(
        "services.notifications", "printed_list.html", Language.of(request), settings.zone, found=found, rows=rows
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


@routes.post("/lists/{list_id}/acknowledgement", permission=ACKNOWLEDGE)
async def post_list_acknowledgement(list_id: UUID, body: AcknowledgeListBody, act: Act) -> Created:
    """Those on the list, or the ones named, were told."""
    return await act(acknowledge_list, AcknowledgeList(list_id=list_id, **body.model_dump()))


async def _contacts(settings: Settings, person_ids: list[UUID]) -> dict[UUID, Contact]:
    if not person_ids:
        return {}
    try:
        async with httpx.AsyncClient(verify=trusted(), timeout=settings.registry_timeout_seconds) as client:
            book = ContactBook(client, settings.registry_url, settings.service_token_file)
            return await book.look_up(person_ids)
    except NotTried:
        raise ContactsNotAvailable from None
