"""Templates and the words for codes."""

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import After, Limit, Page
from services.notifications.domain.template import TemplateCode
from services.notifications.usecases.add_template_version import (
    AddTemplateVersion,
    TemplateTexts,
    add_template_version,
)
from services.notifications.usecases.add_term import AddTerm, add_term
from services.notifications.usecases.find_templates import (
    TemplateView,
    TermView,
    VersionView,
    find_templates,
    find_terms,
    find_version,
)

SEE_TEMPLATES = Permission("template.see", {Role.ADMINISTRATOR, Role.PETUGAS, Role.VERIFIKATOR, Role.OPERATOR})
CHANGE_TEMPLATES = Permission("template.change", {Role.ADMINISTRATOR})

routes = Routes(tags=["templates"])


@routes.get("/templates", permission=SEE_TEMPLATES)
async def get_templates(read: Read) -> list[TemplateView]:
    """All templates."""
    return await read(find_templates)


@routes.get("/templates/{code}/versions/{version}", permission=SEE_TEMPLATES)
async def get_version(code: TemplateCode, version: int, read: Read) -> VersionView:
    """One version, with a sample and its size as a short message."""
    return await read(find_version, code, version)


@routes.post("/templates/{code}/versions", permission=CHANGE_TEMPLATES)
async def post_version(code: TemplateCode, body: TemplateTexts, act: Act) -> Created:
    """Add a version; earlier ones stay as they are."""
    return await act(add_template_version, AddTemplateVersion(code=code, **body.model_dump()))


@routes.get("/terms", permission=SEE_TEMPLATES)
async def get_terms(read: Read, after: After = None, limit: Limit = 50) -> Page[TermView]:
    """The newest label of every code, page by page."""
    return await read(find_terms, after, limit)


@routes.post("/terms", permission=CHANGE_TEMPLATES)
async def post_term(body: AddTerm, act: Act) -> Created:
    """Name a code in Bahasa Indonesia."""
    return await act(add_term, body)
