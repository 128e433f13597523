"""Handover sessions, invitations, no-shows, handovers singly and by list."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.i18n import Language
from chassis.pages import render
from chassis.paging import LIMIT_MAX, After, AfterPlace, Limit, Page
from chassis.transaction import Transaction
from services.disbursement.api.common import READ, about, page, views
from services.disbursement.names import LOOK_UP_AT_MOST, names_of
from services.disbursement.store import handover_tables, reading
from services.disbursement.store.handovers import load_session
from services.disbursement.store.programmes import load_programme
from services.disbursement.usecases.close_handover_session import CloseHandoverSession, close_handover_session
from services.disbursement.usecases.hand_over_aid import HandOverAid, hand_over_aid
from services.disbursement.usecases.hand_over_by_list import HandOverByList, hand_over_by_list
from services.disbursement.usecases.plan_handover_session import PlanHandoverSession, plan_handover_session
from services.disbursement.usecases.record_missed import RecordMissed, record_missed
from services.disbursement.usecases.schedule_recipients import ScheduleRecipients, schedule_recipients

PLAN = Permission("handover.plan", roles={Role.PETUGAS})
RECORD = Permission("handover.record", roles={Role.PETUGAS})
PRINT = Permission("handover.print", roles={Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP})

routes = Routes(tags=["handover"])


class SessionView(BaseModel):
    """A handover session."""

    id: UUID
    programme_id: UUID
    region_code: str
    place_code: str
    place_name: str
    held_on: date
    symbolic: bool
    state: str


class InvitedView(BaseModel):
    """An invited recipient and what became of it."""

    grant_id: UUID
    person_id: UUID
    region_code: str
    package_code: str
    state: str
    bast_id: UUID | None
    bast_number: str | None


class SessionDetail(BaseModel):
    """A session and a page of who is invited."""

    session: SessionView
    invited: list[InvitedView]
    next: UUID | None


class ListLineView(BaseModel):
    """One outcome of a handover by list: a BAST, or the code of a refusal."""

    grant_id: UUID
    bast_id: UUID | None
    refusal: str | None


class ListView(BaseModel):
    """A handover by list."""

    id: UUID
    lines: list[ListLineView]


@routes.post("/handover-sessions", permission=PLAN)
async def post_session(body: PlanHandoverSession, act: Act) -> Created:
    """Plan a session."""
    return await act(plan_handover_session, body)


@routes.get("/handover-sessions", permission=READ)
async def get_sessions(
    read: Read, programme_id: UUID | None = None, after: AfterPlace = None, limit: Limit = 50
) -> Page[SessionView]:
    """Sessions in the caller's scope."""
    found = await read(reading.page_of, handover_tables.handover_session, after, limit, programme_id=programme_id)
    return page(SessionView, found)


@routes.get("/handover-sessions/{session_id}", permission=READ)
async def get_session(session_id: UUID, read: Read, after: After = None, limit: Limit = LIMIT_MAX) -> SessionDetail:
    """One session and who is invited, in the order of the invitations."""

    async def detail(tx: Transaction) -> SessionDetail:
        session = await load_session(tx, session_id)
        found = await reading.invited_page(tx, session_id, after, limit)
        return SessionDetail(
            session=SessionView.model_validate(session, from_attributes=True),
            invited=views(InvitedView, found.rows),
            next=found.next,
        )

    return await read(detail)


@routes.post("/handover-sessions/{session_id}/recipients", permission=PLAN)
async def post_recipients(session_id: UUID, body: ScheduleRecipients, act: Act) -> Created:
    """Invite recipients; a later invitation replaces an earlier one."""
    return await act(about(schedule_recipients, session_id), body)


@routes.post("/handover-sessions/{session_id}/missed", permission=RECORD)
async def post_missed(session_id: UUID, body: RecordMissed, act: Act) -> Created:
    """Say who did not come."""
    return await act(about(record_missed, session_id), body)


@routes.post("/handover-sessions/{session_id}/close", permission=RECORD, status_code=200)
async def post_close(session_id: UUID, body: CloseHandoverSession, act: Act) -> Created:
    """Close a session in which nobody is awaited any more."""
    return await act(about(close_handover_session, session_id), body)


@routes.get("/handover-sessions/{session_id}/attendance-list", permission=PRINT, response_class=HTMLResponse)
async def get_attendance_list(session_id: UUID, request: Request, read: Read, after: After = None) -> HTMLResponse:
    """The printable daftar hadir, names from the registry; a long one in parts, each with a link to the next."""

    async def values(tx: Transaction) -> dict[str, Any]:
        session = await load_session(tx, session_id)
        programme = await load_programme(tx, session.programme_id)
        packages = {package.code: package.name for package in programme.packages}
        part = await reading.attendance_part(tx, session_id, after, LOOK_UP_AT_MOST)
        return {"session": session, "programme": programme, "packages": packages, "part": part}

    found = await read(values)
    names = await names_of(request, [row.person_id for row in found["part"].rows])
    zone = request.app.state.settings.zone
    package = request.app.state.package
    html = render(package, "attendance_list.html", Language.of(request), zone, names=names, **found)
    return HTMLResponse(html)


@routes.post("/handovers", permission=RECORD)
async def post_handover(body: HandOverAid, act: Act) -> Created:
    """Hand a package over against a BAST; answers the BAST's id."""
    return await act(hand_over_aid, body)


@routes.post("/handover-lists", permission=RECORD)
async def post_handover_list(body: HandOverByList, act: Act) -> Created:
    """Hand packages over to a list of recipients, each with an outcome of its own; answers the list's id."""
    return await act(hand_over_by_list, body)


@routes.get("/handover-lists/{list_id}", permission=READ)
async def get_handover_list(list_id: UUID, read: Read) -> ListView:
    """The outcomes of a handover by list."""
    return ListView(id=list_id, lines=views(ListLineView, await read(reading.list_lines, list_id)))
