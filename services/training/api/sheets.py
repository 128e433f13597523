"""Attendance sheets: recorded, verified, refused, corrected."""

from uuid import UUID

from chassis.auth import Permission, Role
from chassis.http import Act, Created, Read, Routes
from chassis.paging import AfterPlace, Limit, Page
from services.training.api.access import READ
from services.training.domain.sheet import SheetState
from services.training.usecases.find_sheets import (
    SheetSummary,
    SheetVerificationView,
    SheetView,
    find_sheet,
    find_sheet_verification,
    find_sheets,
)
from services.training.usecases.find_unaccepted_sheets import UnacceptedSheetView, find_unaccepted_sheets
from services.training.usecases.propose_correction import (
    ProposeCorrection,
    ProposeCorrectionBody,
    propose_correction,
)
from services.training.usecases.refuse_sheet import RefuseSheet, RefuseSheetBody, refuse_sheet
from services.training.usecases.report_sheet import ReportSheet, report_sheet
from services.training.usecases.verify_sheet import VerifySheet, VerifySheetBody, verify_sheet
from services.training.usecases.verify_sheets import VerifySheets, VerifySheetsBody, verify_sheets

routes = Routes(tags=["attendance"])
RECORD = Permission("training.record_attendance", {Role.PETUGAS})
READ_UNACCEPTED = Permission("training.read_unaccepted_sheets", {Role.PETUGAS, Role.VERIFIKATOR, Role.OPERATOR})
VERIFY = Permission("training.verify_attendance", {Role.VERIFIKATOR, Role.PETUGAS})


@routes.post("/sheets", permission=RECORD)
async def post_sheet(body: ReportSheet, act: Act) -> Created:
    """Record a sheet from paper; it counts once another officer verified it."""
    return await act(report_sheet, body)


@routes.get("/sheets", permission=READ)
async def get_sheets(
    read: Read,
    class_id: UUID | None = None,
    state: SheetState | None = None,
    after: AfterPlace = None,
    limit: Limit = 50,
) -> Page[SheetSummary]:
    """Sheets without their lines, page by page; `state=reported` or `proposed`: what waits."""
    return await read(find_sheets, class_id, state, after, limit)


@routes.get("/unaccepted-sheets", permission=READ_UNACCEPTED)
async def get_unaccepted_sheets(
    read: Read, class_id: UUID | None = None, after: AfterPlace = None, limit: Limit = 50
) -> Page[UnacceptedSheetView]:
    """Sheets of the inbound topic that were not taken in, newest first, with the code of the refusal."""
    return await read(find_unaccepted_sheets, class_id, after, limit)


@routes.get("/sheets/{sheet_id}", permission=READ)
async def get_sheet(sheet_id: UUID, read: Read) -> SheetView:
    """One sheet with its lines."""
    return await read(find_sheet, sheet_id)


@routes.post("/sheets/{sheet_id}/verify", permission=VERIFY, status_code=200)
async def post_verification(sheet_id: UUID, body: VerifySheetBody, act: Act) -> Created:
    """Verify a reported sheet, or accept a proposed correction."""
    return await act(verify_sheet, VerifySheet(sheet_id=sheet_id, **dict(body)))


@routes.post("/sheets/{sheet_id}/refuse", permission=VERIFY, status_code=200)
async def post_refusal(sheet_id: UUID, body: RefuseSheetBody, act: Act) -> Created:
    """Turn down a reported sheet or a proposed correction."""
    return await act(refuse_sheet, RefuseSheet(sheet_id=sheet_id, **dict(body)))


@routes.post("/sheets/{sheet_id}/corrections", permission=RECORD)
async def post_correction(sheet_id: UUID, body: ProposeCorrectionBody, act: Act) -> Created:
    """Propose a correction of verified attendance, for a second officer to verify."""
    return await act(propose_correction, ProposeCorrection(sheet_id=sheet_id, **dict(body)))


@routes.post("/classes/{class_id}/sheet-verifications", permission=VERIFY)
async def post_sheet_verifications(class_id: UUID, body: VerifySheetsBody, act: Act) -> Created:
    """Verify many sheets of a class in one act; read the outcome under /sheet-verifications/{id}."""
    return await act(verify_sheets, VerifySheets(class_id=class_id, **dict(body)))


@routes.get("/sheet-verifications/{verification_id}", permission=READ)
async def get_sheet_verification(verification_id: UUID, read: Read) -> SheetVerificationView:
    """What became of each sheet of a bulk verification."""
    return await read(find_sheet_verification, verification_id)
