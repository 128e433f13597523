"""What a training provider's own officer may do: the agency in the token is the provider's code."""

from uuid import UUID

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import After, Limit, Page
from services.training.usecases.find_enrolments import EnrolmentView, find_enrolments_for_provider
from services.training.usecases.report_sheet import ReportSheet, report_provider_sheet

routes = Routes(prefix="/provider", tags=["provider"])
# The class belongs to an agency that is not the provider: the use cases check the provider instead.
SEND = Permission("training.send_attendance", {Role.LEMBAGA_PELATIHAN}, across_agencies=True)
READ_OWN = Permission("training.read_own_classes", {Role.LEMBAGA_PELATIHAN}, across_agencies=True)


@routes.post("/sheets", permission=SEND)
async def post_provider_sheet(body: ReportSheet, act: Act) -> Created:
    """Send the attendance sheet of a session."""
    return await act(report_provider_sheet, body)


@routes.get("/classes/{class_id}/enrolments", permission=READ_OWN)
async def get_own_enrolments(
    class_id: UUID, read: Read, after: After = None, limit: Limit = 200
) -> Page[EnrolmentView]:
    """Enrolments of one of the provider's classes."""
    return await read(find_enrolments_for_provider, class_id, after, limit)
