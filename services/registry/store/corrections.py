"""Corrections and their history."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from chassis.paging import PageRows, fetch_scoped_page
from chassis.rows import written
from chassis.transaction import Transaction
from services.registry.domain.correction import (
    Correction,
    CorrectionNotFound,
    CorrectionReason,
    CorrectionRejectionReason,
    CorrectionState,
    PersonField,
)
from services.registry.domain.person import DecileSource, ListSource
from services.registry.store.people import Person
from services.registry.store.tables import correction


async def insert_correction(tx: Transaction, proposed: Correction, person: Person) -> None:
    """Keep a proposed correction, in the scope of the person it concerns."""
    source = proposed.decile_source
    row = {
        "id": proposed.id,
        "agency": person.agency,
        "region_code": person.region_code,
        "person_id": person.id,
        "field": proposed.field.value,
        "old_value_sealed": tx.vault.seal(proposed.old_value),
        "new_value_sealed": tx.vault.seal(proposed.new_value),
        "list_source": source.list_source.value if source else None,
        "list_version": source.list_version if source else None,
        "list_dated_on": source.list_dated_on if source else None,
        "reason": proposed.reason.value,
        "evidence_reference": proposed.evidence_reference,
        "occurred_on": proposed.occurred_on,
        "late_entry_reason": proposed.late_entry_reason,
        "maker": proposed.maker,
        "state": proposed.state.value,
        "version": proposed.version,
        "proposed_at": tx.now,
    }
    await tx.execute(insert(correction).values(row))


async def load_correction(tx: Transaction, correction_id: UUID, for_update: bool = False) -> Correction:
    """The aggregate; raises `CorrectionNotFound`."""
    query = select(correction).where(correction.c.id == correction_id)
    row = await tx.fetch_one(query.with_for_update() if for_update else query)
    if row is None:
        raise CorrectionNotFound(correction_id=correction_id)
    return _correction(tx, row)


def _correction(tx: Transaction, row: Row[Any]) -> Correction:
    with_source = row.list_source is not None
    source = DecileSource(ListSource(row.list_source), row.list_version, row.list_dated_on) if with_source else None
    return Correction(
        id=row.id,
        person_id=row.person_id,
        field=PersonField(row.field),
        old_value=tx.vault.open(row.old_value_sealed),
        new_value=tx.vault.open(row.new_value_sealed),
        reason=CorrectionReason(row.reason),
        evidence_reference=row.evidence_reference,
        maker=row.maker,
        occurred_on=row.occurred_on,
        late_entry_reason=row.late_entry_reason,
        decile_source=source,
        checker=row.checker,
        state=CorrectionState(row.state),
        rejection_reason=CorrectionRejectionReason(row.rejection_reason) if row.rejection_reason else None,
        version=row.version,
    )


async def save_correction(tx: Transaction, decided: Correction) -> None:
    """Write a decided correction back; what was proposed never changes."""
    values = {
        "checker": decided.checker,
        "state": decided.state.value,
        "rejection_reason": decided.rejection_reason,
        "version": decided.version,
    }
    await tx.execute(update(correction).where(correction.c.id == decided.id).values(values))


async def open_correction(tx: Transaction, person_id: UUID, field: PersonField) -> UUID | None:
    """The open correction of a person's field."""
    query = select(correction.c.id).where(
        correction.c.person_id == person_id,
        correction.c.field == field.value,
        written(correction.c.state, CorrectionState.PROPOSED.value),
    )
    found: UUID | None = await tx.scalar(query)
    return found


async def find_corrections(
    tx: Transaction, after: str | None, limit: int, state: CorrectionState | None = None
) -> PageRows[Correction, str]:
    """A page of corrections, by village, the oldest first."""
    equal = {"state": state and state.value}
    found = await fetch_scoped_page(tx, select(correction), correction, after, limit, equal=equal)
    return PageRows([_correction(tx, row) for row in found.rows], found.next)


async def find_corrections_of(tx: Transaction, person_id: UUID, limit: int) -> list[Correction]:
    """The corrections of one person, oldest first."""
    query = select(correction).where(correction.c.person_id == person_id).order_by(correction.c.id).limit(limit)
    return [_correction(tx, row) for row in await tx.fetch_all(query)]
