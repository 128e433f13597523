"""Show imports and what was found in them."""

import csv
import io
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.i18n import Language, translate
from chassis.paging import NumberedPage, Page, cut_page
from chassis.transaction import Transaction
from services.registry.domain import naming, nik
from services.registry.domain.findings import EXPLANATIONS, Column, FindingCode
from services.registry.domain.list_row import village_code
from services.registry.domain.purpose import Purpose
from services.registry.need import sees_names
from services.registry.store import imports
from services.registry.views import FindingView, ImportView, RowView

_PACKAGE = "services.registry"
_REPORT_HEADER = ("Row", "Column", "Kind", "Code", "Reason", "What to do", "Other row")
_SEVERITIES = {"refusal": "Refused", "warning": "Warning"}


async def find_import(tx: Transaction, import_id: UUID) -> ImportView:
    """One import with its findings counted by code."""
    row = await imports.find_import(tx, import_id)
    return _view(tx, row, dict(await imports.count_findings(tx, import_id)))


async def find_imports(tx: Transaction, after: UUID | None, limit: int) -> Page[ImportView]:
    """A page of imports, newest first."""
    found = await imports.find_imports(tx, after, limit)
    return Page(items=[_view(tx, row, {}) for row in found.rows], next=found.next)


def _view(tx: Transaction, row: Row[Any], findings_count: dict[str, int]) -> ImportView:
    shown = {name: row._mapping[name] for name in ImportView.model_fields if name in row._mapping}
    return ImportView(**shown, filename=tx.vault.open(row.filename_sealed), findings_count=findings_count)


async def find_report(
    tx: Transaction, import_id: UUID, after_row: int, limit: int, language: Language
) -> NumberedPage[FindingView]:
    """Findings of up to `limit` rows, with reason and advice in the reader's language."""
    await imports.find_import(tx, import_id)
    findings = await imports.find_findings(tx, import_id, after_row, limit + 1)
    found = cut_page(sorted({finding.row_number for finding in findings}), limit, int)
    shown = [finding for finding in findings if finding.row_number in found.rows]
    return NumberedPage(items=[_finding(finding, language) for finding in shown], next=found.next)


def _finding(row: Row[Any], language: Language) -> FindingView:
    explanation = EXPLANATIONS[FindingCode(row.code)]
    return FindingView(
        row_number=row.row_number,
        field=row.column_name,
        code=row.code,
        severity=row.severity,
        reason=translate(_PACKAGE, language, explanation.reason),
        advice=translate(_PACKAGE, language, explanation.advice),
        other_row_number=row.other_row_number,
    )


async def find_report_csv(tx: Transaction, import_id: UUID, language: Language) -> str:
    """All findings as a CSV that a spreadsheet opens by double click: semicolons, byte order mark."""
    await imports.find_import(tx, import_id)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([translate(_PACKAGE, language, title) for title in _REPORT_HEADER])
    for finding in await imports.find_findings(tx, import_id, 0, None):
        item = _finding(finding, language)
        severity = translate(_PACKAGE, language, _SEVERITIES[item.severity])
        other = item.other_row_number or ""
        writer.writerow([item.row_number, item.field, severity, item.code, item.reason, item.advice, other])
    return "\ufeff" + out.getvalue()


async def find_rows(tx: Transaction, import_id: UUID, after_row: int, limit: int) -> NumberedPage[RowView]:
    """The rows a checker decides on; names only for readers with need, the NIK never whole."""
    await imports.find_import(tx, import_id)
    kept = await imports.load_rows(tx, import_id, after_row, limit + 1)
    found = cut_page(kept, limit, lambda row: row.row.number)
    await tx.record_access(Purpose.LIST_CHECK, [row.person_id for row in found.rows if row.person_id])
    return NumberedPage(items=[_row(tx, row) for row in found.rows], next=found.next)


def _row(tx: Transaction, kept: imports.KeptRow) -> RowView:
    cells = kept.row.cells
    name = naming.tidy(cells.get(Column.NAME, ""))
    clear = sees_names(tx.officer)
    return RowView(
        row_number=kept.row.number,
        outcome=kept.outcome.value,
        person_id=kept.person_id,
        nik=nik.masked(cells[Column.NIK]) if Column.NIK in cells else "",
        name=name if clear else naming.masked(name),
        birth_date=cells.get(Column.BIRTH_DATE, "") if clear else "",
        village_code=village_code(cells.get(Column.VILLAGE, "")),
        decile=cells.get(Column.DECILE, ""),
    )
