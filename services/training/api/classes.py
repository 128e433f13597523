"""Classes and their sessions."""

from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.i18n import Language
from chassis.pages import render
from chassis.paging import AfterPlace, Limit, Page
from contracts.fields import Code
from services.training.api.access import READ
from services.training.usecases.find_attendance_list import find_attendance_list
from services.training.usecases.find_classes import ClassView, find_class, find_classes
from services.training.usecases.redate_session import RedateSession, RedateSessionBody, redate_session
from services.training.usecases.schedule_class import ScheduleClass, schedule_class

routes = Routes(tags=["classes"])
SCHEDULE = Permission("training.schedule_class", {Role.PETUGAS})


@routes.post("/classes", permission=SCHEDULE)
async def post_class(body: ScheduleClass, act: Act) -> Created:
    """Schedule a class."""
    return await act(schedule_class, body)


@routes.get("/classes", permission=READ)
async def get_classes(
    read: Read,
    programme_id: UUID | None = None,
    course_code: Code | None = None,
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[ClassView]:
    """Classes with their sessions, page by page."""
    return await read(find_classes, programme_id, course_code, after, limit)


@routes.get("/classes/{class_id}", permission=READ)
async def get_class(class_id: UUID, read: Read) -> ClassView:
    """One class with its sessions and the state of their attendance."""
    return await read(find_class, class_id)


@routes.post("/classes/{class_id}/sessions/{session_id}/redate", permission=SCHEDULE, status_code=200)
async def post_redate(class_id: UUID, session_id: UUID, body: RedateSessionBody, act: Act) -> Created:
    """Move a session to another day."""
    return await act(redate_session, RedateSession(class_id=class_id, session_id=session_id, **dict(body)))


@routes.get("/classes/{class_id}/sessions/{session_id}/attendance-list", permission=READ, response_class=HTMLResponse)
async def get_attendance_list(class_id: UUID, session_id: UUID, request: Request, read: Read) -> HTMLResponse:
    """The daftar hadir to print and sign."""
    shown = await read(find_attendance_list, class_id, session_id)
    zone = request.app.state.settings.zone
    page = render("services.training", "attendance_list.html", Language.of(request), zone, list=shown)
    return HTMLResponse(page)
