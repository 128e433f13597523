"""What became of the rows of a bulk job, to look at and to take away."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, JsonValue
from sqlalchemy import Row

from chassis.bulk.acts import ids_among
from chassis.bulk.items import find_rows, opened
from chassis.bulk.orders import find_bulk
from chassis.i18n import Language, translate
from chassis.paging import NumberedPage, cut_page
from chassis.transaction import Transaction

_CODE_PREFIX = "urn:sinergi:problem:"
_BEFORE_IDS = ("Row", "Repeats row")
_BEHIND_IDS = ("Status", "Code", "Reason", "Details")


class BulkRowView(BaseModel):
    """One row: waiting, done with the id of what the act made or changed, or failed with the problem answered."""

    number: int
    repeats_row: int | None
    """Of a job that tries failed rows again: the number of this one in the job before."""
    outcome: Literal["waiting", "done", "failed"]
    ids: dict[str, UUID]
    """Whom a failed or waiting row is about: the ids in the act's path and body."""
    status: int | None
    resource_id: UUID | None
    code: str | None
    title: str | None
    facts: dict[str, JsonValue]
    errors: list[dict[str, JsonValue]]
    trace_id: str | None
    retried_in: UUID | None
    """The bulk job that tries the failed row again."""
    settled_at: datetime | None


class RowsAsked(BaseModel):
    """Which rows of which job, in which language."""

    job_id: UUID
    after: int
    limit: int
    failed_only: bool
    language: Language
    package: str


async def find_bulk_rows(tx: Transaction, asked: RowsAsked) -> NumberedPage[BulkRowView]:
    """A page of rows; raises NotFound outside the reader's agency and region."""
    job = await find_bulk(tx, asked.job_id)
    rows = await find_rows(tx, job.id, asked.after, asked.limit + 1, failed_only=asked.failed_only)
    page = cut_page(rows, asked.limit, lambda row: int(row.number))
    return NumberedPage(items=[_view(tx, job.ids, row, asked) for row in page.rows], next=page.next)


def csv_header(ids: Sequence[str], asked: RowsAsked) -> list[str]:
    """Titles of the file's columns; ids stand under their own names."""

    def told(titles: Sequence[str]) -> list[str]:
        return [translate(asked.package, asked.language, title) for title in titles]

    return [*told(_BEFORE_IDS), *ids, *told(_BEHIND_IDS)]


def csv_lines(rows: Sequence[Sequence[object]]) -> str:
    """Lines as a spreadsheet opens them by double click."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def csv_cells(ids: Sequence[str], row: BulkRowView) -> list[object]:
    """A row of the file."""
    facts = [f"{name}={value}" for name, value in row.facts.items()]
    errors = [f"{error['field']}: {error['message']}" for error in row.errors]
    found = [row.ids.get(name, "") for name in ids]
    return [row.number, row.repeats_row, *found, row.status, row.code, row.title, "; ".join(facts + errors)]


def _view(tx: Transaction, ids: Sequence[str], row: Row[Any], asked: RowsAsked) -> BulkRowView:
    problem = row.problem or {}
    outcome: Literal["waiting", "done", "failed"] = "failed" if problem else "done"
    return BulkRowView(
        number=row.number,
        repeats_row=row.repeats_row,
        outcome="waiting" if row.status is None else outcome,
        ids=ids_among(opened(tx.vault, row), ids),
        status=row.status,
        resource_id=row.resource_id,
        code=problem.get("type", "").removeprefix(_CODE_PREFIX) or None,
        title=translate(asked.package, asked.language, problem["title"]) if problem else None,
        facts=problem.get("facts", {}),
        errors=problem.get("errors", []),
        trace_id=problem.get("trace_id"),
        retried_in=row.retried_in,
        settled_at=row.settled_at,
    )
