"""Pages and JSON of cases."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from chassis.admin.cases import SEE_CASE
from chassis.auth import Permission, Role
from chassis.http import Read, Routes
from chassis.i18n import Language
from chassis.pages import render
from chassis.paging import AfterPlace, Limit, Page, RegionCode
from services.console.presenting import Entry, present
from services.console.registry import Registry
from services.console.session import bearer_token
from services.console.settings import Settings
from services.console.store import CaseFile
from services.console.usecases.find_case import find_case
from services.console.usecases.list_cases import CasesWanted, list_cases

routes = Routes(tags=["cases"])

_OFFICERS = {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.PENDAMPING, Role.OPERATOR}
READ_CASE = Permission("case.read", roles=_OFFICERS)
LIST_CASES = Permission("case.list", roles=_OFFICERS)


class CaseView(BaseModel):
    """A case in the list, with the newest thing that happened."""

    case_id: UUID
    programme_id: UUID
    programme_code: str
    person_id: UUID
    region_code: str
    last_type: str | None = None
    last_on: date | None = None


class TimelineEntryView(BaseModel):
    """One thing that happened."""

    event_id: UUID
    type: str
    service: str
    occurred_on: date
    recorded_at: datetime
    agency: str
    subject: str
    trace_id: str | None
    facts: dict[str, Any]


class TimelineView(BaseModel):
    """A case with all that happened, oldest act first."""

    case: CaseView
    items: list[TimelineEntryView]


@routes.get("/cases", permission=LIST_CASES)
async def get_cases(
    read: Read,
    region: RegionCode = "",
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[CaseView]:
    """Cases within the officer's scope, optionally of one region."""
    found = await read(list_cases, CasesWanted(region, after, limit))
    items = [
        _view(line.case).model_copy(update={"last_type": line.last_type, "last_on": line.last_on})
        for line in found.rows
    ]
    return Page(items=items, next=found.next)


@routes.get("/cases/{case_id}/timeline", permission=READ_CASE)
async def get_timeline(case_id: UUID, read: Read) -> TimelineView:
    """Everything that happened in a case, for programs."""
    case = await read(find_case, case_id)
    items = [
        TimelineEntryView(
            event_id=event.event_id,
            type=event.type,
            service=event.type.split(".", 1)[0],
            occurred_on=event.occurred_on,
            recorded_at=event.recorded_at,
            agency=event.agency,
            subject=event.subject,
            trace_id=event.trace_id,
            facts=dict(event.facts),
        )
        for event in case.timeline
    ]
    return TimelineView(case=_view(case.file), items=items)


@routes.get("/cases/{case_id}", permission=READ_CASE, response_class=HTMLResponse)
async def get_case_page(case_id: UUID, read: Read, request: Request) -> HTMLResponse:
    """Everything that happened in a case, for people."""
    case = await read(find_case, case_id)
    settings: Settings = request.app.state.settings
    registry = Registry(settings.registry_url, settings.registry_timeout_seconds)
    name = await registry.masked_name_of(case.file.person_id, bearer_token(request))
    entries: list[Entry] = [present(event, settings) for event in case.timeline]
    page = render(
        "services.console",
        "case.html",
        Language.of(request),
        settings.zone,
        case=case.file,
        name=name,
        entries=entries,
        operations=read.officer.may(SEE_CASE, reading=True),
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


def _view(case: CaseFile) -> CaseView:
    return CaseView(
        case_id=case.case_id,
        programme_id=case.programme_id,
        programme_code=case.programme_code,
        person_id=case.person_id,
        region_code=case.region_code,
    )
