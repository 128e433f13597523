"""For auditors: who decided what, when and why, as CSV streamed page by page; and what was not believed."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from chassis.auth import Permission, Role
from chassis.http import Read, Routes
from chassis.paging import BEFORE_ALL, After, Limit, Page
from services.disbursement.api.common import page
from services.disbursement.store import reading
from services.disbursement.store.ledger import log_page

REFUSED = Permission("audit.refused-assistance", roles={Role.OPERATOR}, across_agencies=True)
EXPORT = Permission("audit.export", roles={Role.AUDITOR}, across_agencies=True)

COLUMNS = (
    "recorded_at",
    "occurred_on",
    "late_entry_reason",
    "act",
    "officer",
    "agency",
    "region_code",
    "programme_id",
    "grant_id",
    "person_id",
    "reference_id",
    "document_number",
    "reason",
    "amount_rupiah",
)
_PAGE_ROWS = 1000

routes = Routes(tags=["audit"])


class RefusedAssistanceView(BaseModel):
    """Aid that an agency told in another one's name (`agency`); `source` is who told it, `id` the event."""

    id: UUID
    assistance_id: UUID
    person_id: UUID
    agency: str
    source: str
    reason: str
    recorded_at: datetime


@routes.get("/refused-assistance", permission=REFUSED)
async def get_refused_assistance(read: Read, after: After = None, limit: Limit = 50) -> Page[RefusedAssistanceView]:
    """What was heard of other agencies' aid and not believed."""
    return page(RefusedAssistanceView, await read(reading.refused_assistance_page, after, limit))


@routes.get("/audit-export", permission=EXPORT, response_class=StreamingResponse)
async def get_audit_export(
    read: Read,
    person_id: UUID | None = None,
    officer: Annotated[str | None, Query(max_length=600)] = None,
    from_on: date | None = None,
    to_on: date | None = None,
) -> StreamingResponse:
    """The decision log by person, officer (identity `issuer#subject`) and dates of the acts; no names, no NIK."""

    async def lines() -> AsyncIterator[str]:
        yield _csv([COLUMNS])
        after = BEFORE_ALL
        # A transaction per page: a long export holds back nobody.
        while rows := await read(
            log_page, after, _PAGE_ROWS, person_id=person_id, officer=officer, from_on=from_on, to_on=to_on
        ):
            yield _csv([row._mapping[name] for name in COLUMNS] for row in rows)
            after = rows[-1].id

    headers = {"Content-Disposition": 'attachment; filename="audit-disbursement.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
