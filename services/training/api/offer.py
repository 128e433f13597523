"""Providers, courses, known programmes."""

from uuid import UUID

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import After, Limit, Page
from services.training.api.access import READ
from services.training.usecases.find_offer import (
    CourseView,
    ProgrammeView,
    ProviderView,
    find_courses,
    find_programme,
    find_providers,
)
from services.training.usecases.register_course import RegisterCourse, register_course
from services.training.usecases.register_provider import RegisterProvider, register_provider

routes = Routes(tags=["offer"])
REGISTER = Permission("training.register_offer", {Role.PETUGAS})


@routes.post("/providers", permission=REGISTER)
async def post_provider(body: RegisterProvider, act: Act) -> Created:
    """Register a training provider."""
    return await act(register_provider, body)


@routes.get("/providers", permission=READ)
async def get_providers(read: Read, after: After = None, limit: Limit = 50) -> Page[ProviderView]:
    """Providers, page by page."""
    return await read(find_providers, after, limit)


@routes.post("/courses", permission=REGISTER)
async def post_course(body: RegisterCourse, act: Act) -> Created:
    """Register a course with its completion rule."""
    return await act(register_course, body)


@routes.get("/courses", permission=READ)
async def get_courses(read: Read, after: After = None, limit: Limit = 50) -> Page[CourseView]:
    """Courses, page by page."""
    return await read(find_courses, after, limit)


@routes.get("/programmes/{programme_id}", permission=READ)
async def get_programme(programme_id: UUID, read: Read) -> ProgrammeView:
    """A programme, once disbursement told of it; 404 before."""
    return await read(find_programme, programme_id)
