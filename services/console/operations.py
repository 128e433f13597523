"""A case as operators see it: every event through all services, and what waits, as page and as JSON."""

from uuid import UUID

import httpx
from fastapi import Request
from fastapi.responses import HTMLResponse

from chassis.admin.cases import SEE_CASE
from chassis.case_asking import read_case
from chassis.case_timeline import CaseTimeline
from chassis.http import Routes
from chassis.i18n import Language
from chassis.pages import render
from chassis.tls import trusted
from contracts.catalogue import CATALOGUE
from services.console.domain.wording import event_words, service_words
from services.console.presenting import trace_url
from services.console.session import bearer_token
from services.console.settings import Settings
from services.console.usecases.find_case import UnknownCase

SERVICE_TIMEOUT_SECONDS = 5
"""A service that hangs must not keep the rest from the operator."""

routes = Routes(tags=["operations"])


@routes.get("/operations/cases/{case_id}/timeline", permission=SEE_CASE)
async def get_operations_timeline(case_id: UUID, request: Request) -> CaseTimeline:
    """A case's events, where each stands in each service, and what the case waits for; for programs."""
    return await _timeline(case_id, request)


@routes.get("/operations/cases/{case_id}", permission=SEE_CASE, response_class=HTMLResponse)
async def get_operations_page(case_id: UUID, request: Request) -> HTMLResponse:
    """The same for people."""
    settings: Settings = request.app.state.settings
    page = render(
        "services.console",
        "operations.html",
        Language.of(request),
        settings.zone,
        timeline=await _timeline(case_id, request),
        event_words=event_words,
        service_words=service_words,
        trace_url=lambda trace_id: trace_url(trace_id, settings),
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


async def _timeline(case_id: UUID, request: Request) -> CaseTimeline:
    """Asked of all services at once, in the name of the caller. Raises UnknownCase when nobody knows anything."""
    settings: Settings = request.app.state.settings
    headers = {"Authorization": f"Bearer {bearer_token(request)}"}
    async with httpx.AsyncClient(verify=trusted(), headers=headers, timeout=SERVICE_TIMEOUT_SECONDS) as client:
        timeline = await read_case(client, settings.service_urls, CATALOGUE, case_id)
    if not timeline.known and not timeline.silent:
        raise UnknownCase(case_id=str(case_id))
    return timeline
