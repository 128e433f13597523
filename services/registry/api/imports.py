"""Targeting lists: upload, report, decision."""

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from chassis.auth import Permission, Role
from chassis.errors import TooLarge
from chassis.http import Act, Created, Read, Routes
from chassis.i18n import Language
from chassis.paging import After, AfterNumber, Limit, NumberedPage, Page
from contracts.fields import ListVersion
from services.registry.domain.person import ListSource
from services.registry.list_file import read_list
from services.registry.settings import Settings
from services.registry.usecases import find_imports as show
from services.registry.usecases.approve_import import ApproveImport, approve_import
from services.registry.usecases.receive_list import ReceiveList, hash_of, receive_list
from services.registry.usecases.reject_import import RejectImport, reject_import
from services.registry.usecases.withdraw_import import withdraw_import
from services.registry.views import FindingView, ImportView, RowView

routes = Routes(tags=["imports"])

UPLOAD = Permission("imports.upload", roles={Role.PETUGAS})
WITHDRAW = Permission("imports.withdraw", roles={Role.PETUGAS})
DECIDE = Permission("imports.decide", roles={Role.VERIFIKATOR})
READ = Permission("imports.read", roles={Role.PETUGAS, Role.VERIFIKATOR})


@routes.post("/imports", permission=UPLOAD)
async def post_import(
    request: Request,
    act: Act,
    filename: Annotated[str, Query(min_length=1, max_length=200)],
    list_source: ListSource,
    list_version: ListVersion,
    list_dated_on: date,
) -> Created:
    """Upload a list, CSV or XLSX, as the raw body. Answers 413 or 422 for a file that is no list."""
    settings: Settings = request.app.state.settings
    content = await request.body()
    if len(content) > settings.list_limit_bytes:
        raise TooLarge(limit_bytes=settings.list_limit_bytes)
    rows = await asyncio.to_thread(read_list, content, settings.list_limit_rows)
    command = ReceiveList(
        filename=filename,
        list_source=list_source,
        list_version=list_version,
        list_dated_on=list_dated_on,
        content_hash=hash_of(content),
        rows=rows,
    )
    return await act(receive_list, command)


@routes.get("/imports", permission=READ)
async def get_imports(read: Read, after: After = None, limit: Limit = 50) -> Page[ImportView]:
    """Imports, newest first."""
    return await read(show.find_imports, after, limit)


@routes.get("/imports/{import_id}", permission=READ)
async def get_import(import_id: UUID, read: Read) -> ImportView:
    """One import: state, counts, findings by code."""
    return await read(show.find_import, import_id)


@routes.get("/imports/{import_id}/report", permission=READ)
async def get_report(
    import_id: UUID, request: Request, read: Read, after_row: AfterNumber = 0, limit: Limit = 100
) -> NumberedPage[FindingView]:
    """What was found, by row, field and reason."""
    return await read(show.find_report, import_id, after_row, limit, Language.of(request))


@routes.get("/imports/{import_id}/report.csv", permission=READ, response_class=Response)
async def get_report_csv(import_id: UUID, request: Request, read: Read) -> Response:
    """The whole report to download."""
    text = await read(show.find_report_csv, import_id, Language.of(request))
    disposition = {"Content-Disposition": f'attachment; filename="laporan-{import_id}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=disposition)


@routes.get("/imports/{import_id}/rows", permission=READ)
async def get_rows(
    import_id: UUID, read: Read, after_row: AfterNumber = 0, limit: Limit = 100
) -> NumberedPage[RowView]:
    """The rows with what became of each."""
    return await read(show.find_rows, import_id, after_row, limit)


@routes.post("/imports/{import_id}/approve", permission=DECIDE, status_code=200)
async def post_approval(import_id: UUID, body: ApproveImport, act: Act) -> Created:
    """Second officer: let the list in; a job registers the accepted rows."""
    return await act(lambda tx, command: approve_import(tx, import_id, command), body)


@routes.post("/imports/{import_id}/reject", permission=DECIDE, status_code=200)
async def post_rejection(import_id: UUID, body: RejectImport, act: Act) -> Created:
    """Second officer: return the list."""
    return await act(lambda tx, command: reject_import(tx, import_id, command), body)


@routes.post("/imports/{import_id}/withdraw", permission=WITHDRAW, status_code=200)
async def post_withdrawal(import_id: UUID, act: Act) -> Created:
    """Take the list back before it is decided."""
    return await act(withdraw_import, import_id)
