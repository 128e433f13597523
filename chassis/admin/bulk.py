"""Bulk work as its officers see it: an act ordered for many, what became of each row, the failed ones tried again."""

from collections.abc import AsyncIterator
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from chassis.auth import ALL_ROLES, Permission, Role
from chassis.bulk.calls import read_list
from chassis.bulk.inside import Inside
from chassis.bulk.orders import BulkOrder, RetryFailed, check_order, find_bulk, order_bulk, retry_failed
from chassis.bulk.results import BulkRowView, RowsAsked, csv_cells, csv_header, csv_lines, find_bulk_rows
from chassis.http import Act, Created, Read, Routes
from chassis.i18n import Language
from chassis.paging import MAX_INTEGER, AfterNumber, Limit, NumberedPage
from chassis.problems import MEDIA_TYPE
from chassis.transaction import Transaction

ORDER = Permission("bulk.order", ALL_ROLES - {Role.AUDITOR})
"""Everybody who may act at all; the act's own permission is asked for beside it."""
SEE_ROWS = Permission("bulk.see", ALL_ROLES)
FILE_PAGE_ROWS = 1000


def add_bulk_routes(routes: Routes, inside: Inside) -> None:
    """Ordering bulk work, and what became of it."""

    @routes.post("/bulk", permission=ORDER, status_code=202, response_model=Created)
    async def post_bulk(body: BulkOrder, request: Request, act: Act) -> Created | Response:
        """Queue an act for a list or for each of what a list of this service shows; answers the job's id.

        The job does one after the other, each as if sent by itself, with the rights its officer has now.
        """
        officer = request.state.officer
        check_order(inside, officer, body)
        if body.each_of is not None:
            # Before the act's transaction begins: it would hold one connection and wait for another.
            source, language = inside.lists[body.each_of], Language.of(request)
            shown = await read_list(inside, officer, source, body.where, limit=1, language=language)
            if not shown.ok:
                return Response(shown.content, shown.status, {"Content-Language": language}, MEDIA_TYPE)

        async def usecase(tx: Transaction, command: BulkOrder) -> UUID:
            return await order_bulk(tx, inside, command)

        return await act(usecase, body)

    @routes.post("/bulk/{job_id}/retry-failed", permission=ORDER, status_code=202)
    async def post_retry_failed(job_id: UUID, body: RetryFailed, act: Act) -> Created:
        """Queue the failed rows of an ended job once more, each once; answers the new job's id."""

        async def usecase(tx: Transaction, command: RetryFailed) -> UUID:
            return await retry_failed(tx, inside, job_id, command)

        return await act(usecase, body)

    @routes.get("/bulk/{job_id}/rows", permission=SEE_ROWS)
    async def get_bulk_rows(
        job_id: UUID, request: Request, read: Read, failed: bool = False, after_row: AfterNumber = 0, limit: Limit = 50
    ) -> NumberedPage[BulkRowView]:
        """What became of each row, or of the failed ones only."""
        return await read(find_bulk_rows, _asked(request, job_id, after_row, limit, failed_only=failed))

    @routes.get("/bulk/{job_id}/failed.csv", permission=SEE_ROWS, response_class=Response)
    async def get_failed_csv(job_id: UUID, request: Request, read: Read) -> Response:
        """The failed rows to download."""
        asked = _asked(request, job_id, 0, FILE_PAGE_ROWS, failed_only=True)
        ids = (await read(find_bulk, job_id)).ids

        async def lines() -> AsyncIterator[str]:
            yield "\ufeff" + csv_lines([csv_header(ids, asked)])
            following: int | None = 0
            while following is not None:
                page = await read(find_bulk_rows, asked.model_copy(update={"after": following}))
                yield csv_lines([csv_cells(ids, row) for row in page.items])
                following = page.next

        disposition = {"Content-Disposition": f'attachment; filename="gagal-{job_id}.csv"'}
        return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=disposition)


def _asked(request: Request, job_id: UUID, after: int, limit: int, *, failed_only: bool) -> RowsAsked:
    return RowsAsked(
        job_id=job_id,
        after=min(after, MAX_INTEGER),
        limit=limit,
        failed_only=failed_only,
        language=Language.of(request),
        package=request.app.state.package,
    )
