"""Lists being imported: the aggregate, its sealed rows and what was found in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, func, insert, select, text, update

from chassis.paging import PageRows, fetch_page
from chassis.rows import insert_rows
from chassis.transaction import Transaction
from services.registry.domain.act import Act
from services.registry.domain.findings import Column, Finding
from services.registry.domain.list_import import (
    ImportNotFound,
    ImportState,
    ListImport,
    RejectionReason,
    RowOutcome,
)
from services.registry.domain.list_row import RawRow
from services.registry.domain.person import DecileSource, ListSource
from services.registry.store.tables import list_import, list_import_finding, list_import_row

_COLUMNS = {column.value: column for column in Column}
_SETTLE = text(
    """
    UPDATE list_import_row SET outcome = settled.outcome, person_id = settled.person_id
    FROM unnest(CAST(:numbers AS integer[]), CAST(:outcomes AS text[]), CAST(:people AS uuid[]))
        AS settled (row_number, outcome, person_id)
    WHERE list_import_row.import_id = :import_id AND list_import_row.row_number = settled.row_number
    """
)
_LOCK_CONTENT = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row as stored: its cells opened, its outcome so far."""

    row: RawRow
    outcome: RowOutcome
    person_id: UUID | None


def _values(aggregate: ListImport) -> dict[str, Any]:
    approval = aggregate.approval
    return {
        "accepted_count": aggregate.accepted_count,
        "known_count": aggregate.known_count,
        "refused_count": aggregate.refused_count,
        "registered_count": aggregate.registered_count,
        "state": aggregate.state.value,
        "rejection_reason": aggregate.rejection_reason,
        "checker": aggregate.checker,
        "occurred_on": approval.occurred_on if approval else None,
        "late_entry_reason": approval.late_entry_reason if approval else None,
        "version": aggregate.version,
    }


async def insert_import(tx: Transaction, aggregate: ListImport, filename: str, content_hash: str) -> None:
    """Keep a checked list."""
    source = aggregate.decile_source
    row = _values(aggregate) | {
        "id": aggregate.id,
        "agency": aggregate.agency,
        "region_code": aggregate.region_code,
        "filename_sealed": tx.vault.seal(filename),
        "content_index": tx.vault.blind_index(content_hash),
        "list_source": source.list_source.value,
        "list_version": source.list_version,
        "list_dated_on": source.list_dated_on,
        "rows_count": aggregate.rows_count,
        "maker": aggregate.maker,
        "uploaded_at": tx.now,
    }
    await tx.execute(insert(list_import).values(row))


async def find_same_file(tx: Transaction, content_hash: str, agency: str) -> UUID | None:
    """The live import of this very content by this agency; rejected and withdrawn ones do not count.

    Holds a lock on the content until the transaction ends, so that of two uploads at once one finds the other.
    """
    await tx.execute(_LOCK_CONTENT, {"name": f"list/{agency}/{content_hash}"})
    query = select(list_import.c.id).where(
        list_import.c.agency == agency,
        list_import.c.content_index == tx.vault.blind_index(content_hash),
        list_import.c.state.not_in([ImportState.REJECTED.value, ImportState.WITHDRAWN.value]),
    )
    found: UUID | None = await tx.scalar(query)
    return found


async def load_import(tx: Transaction, import_id: UUID, for_update: bool = False) -> ListImport:
    """The aggregate; raises `ImportNotFound`."""
    query = select(list_import).where(list_import.c.id == import_id)
    row = await tx.fetch_one(query.with_for_update() if for_update else query)
    if row is None:
        raise ImportNotFound(import_id=import_id)
    return ListImport(
        id=row.id,
        agency=row.agency,
        region_code=row.region_code,
        decile_source=DecileSource(ListSource(row.list_source), row.list_version, row.list_dated_on),
        rows_count=row.rows_count,
        accepted_count=row.accepted_count,
        known_count=row.known_count,
        refused_count=row.refused_count,
        maker=row.maker,
        uploaded_on=row.uploaded_at.astimezone(tx.zone).date(),
        checker=row.checker,
        state=ImportState(row.state),
        registered_count=row.registered_count,
        approval=Act(row.occurred_on, row.late_entry_reason, row.agency) if row.occurred_on else None,
        rejection_reason=RejectionReason(row.rejection_reason) if row.rejection_reason else None,
        version=row.version,
    )


async def save_import(tx: Transaction, aggregate: ListImport) -> None:
    """Write the aggregate back."""
    await tx.execute(update(list_import).where(list_import.c.id == aggregate.id).values(_values(aggregate)))


async def note_job(tx: Transaction, import_id: UUID, job_id: UUID) -> None:
    """Remember which job applies the list."""
    await tx.execute(update(list_import).where(list_import.c.id == import_id).values(job_id=job_id))


async def keep_rows(tx: Transaction, aggregate: ListImport, rows: Iterable[tuple[RawRow, RowOutcome]]) -> None:
    """Seal and keep the rows."""
    values = [
        {
            "import_id": aggregate.id,
            "row_number": row.number,
            "agency": aggregate.agency,
            "region_code": aggregate.region_code,
            "cells_sealed": tx.vault.seal_bytes(orjson.dumps(row.cells, option=orjson.OPT_NON_STR_KEYS)),
            "outcome": outcome.value,
        }
        for row, outcome in rows
    ]
    await insert_rows(tx, list_import_row, values)


async def insert_findings(tx: Transaction, aggregate: ListImport, findings: Iterable[Finding]) -> None:
    """Keep what was found: row, column and code, never the value."""
    values = [
        {
            "import_id": aggregate.id,
            "row_number": finding.row_number,
            "code": finding.code.value,
            "column_name": finding.column.value,
            "agency": aggregate.agency,
            "region_code": aggregate.region_code,
            "severity": finding.severity.value,
            "other_row_number": finding.other_row_number,
        }
        for finding in findings
    ]
    # A row that is checked again is found wanting again in what it was warned of before.
    await insert_rows(tx, list_import_finding, values, on_conflict="ON CONFLICT DO NOTHING")


async def load_rows(
    tx: Transaction, import_id: UUID, after_row: int, limit: int, outcome: RowOutcome | None = None
) -> list[KeptRow]:
    """Rows after a row number, opened."""
    query = select(list_import_row).where(
        list_import_row.c.import_id == import_id, list_import_row.c.row_number > after_row
    )
    if outcome is not None:
        query = query.where(list_import_row.c.outcome == outcome.value)
    rows = await tx.fetch_all(query.order_by(list_import_row.c.row_number).limit(limit))
    return [KeptRow(_opened(tx, row), RowOutcome(row.outcome), row.person_id) for row in rows]


def _opened(tx: Transaction, row: Row[Any]) -> RawRow:
    # Emptied when its time was over.
    cells = orjson.loads(tx.vault.open_bytes(row.cells_sealed)) if row.cells_sealed else {}
    return RawRow(row.row_number, {_COLUMNS[name]: value for name, value in cells.items()})


async def settle_rows(tx: Transaction, import_id: UUID, outcomes: Mapping[int, tuple[RowOutcome, UUID | None]]) -> None:
    """Write what became of applied rows."""
    settled = {
        "import_id": import_id,
        "numbers": list(outcomes),
        "outcomes": [outcome.value for outcome, _ in outcomes.values()],
        "people": [person_id for _, person_id in outcomes.values()],
    }
    await tx.execute(_SETTLE, settled)


async def find_findings(tx: Transaction, import_id: UUID, after_row: int, limit: int | None) -> Sequence[Row[Any]]:
    """Findings of rows after a row number; `limit` counts rows, so that no row is torn over two pages."""
    found = list_import_finding.c
    wanted = select(found.row_number).where(found.import_id == import_id, found.row_number > after_row).distinct()
    if limit is not None:
        wanted = wanted.order_by(found.row_number).limit(limit)
    query = select(list_import_finding).where(found.import_id == import_id, found.row_number.in_(wanted))
    return await tx.fetch_all(query.order_by(found.row_number, found.severity, found.column_name, found.code))


async def count_findings(tx: Transaction, import_id: UUID) -> Mapping[str, int]:
    """Number of findings by code."""
    query = (
        select(list_import_finding.c.code, func.count().label("count"))
        .where(list_import_finding.c.import_id == import_id)
        .group_by(list_import_finding.c.code)
        .order_by(list_import_finding.c.code)
    )
    return {row.code: row._mapping["count"] for row in await tx.fetch_all(query)}


async def find_imports(tx: Transaction, after: UUID | None, limit: int) -> PageRows[Row[Any], UUID]:
    """A page of imports, newest first."""
    return await fetch_page(tx, select(list_import), list_import.c.id, after, limit, newest_first=True)


async def find_import(tx: Transaction, import_id: UUID) -> Row[Any]:
    """One import as it stands; raises `ImportNotFound`."""
    row = await tx.fetch_one(select(list_import).where(list_import.c.id == import_id))
    if row is None:
        raise ImportNotFound(import_id=import_id)
    return row
