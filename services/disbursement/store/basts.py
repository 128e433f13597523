"""Handover records (BAST), their numbers, voids and corrections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert, select, text, update

from chassis.rows import insert_rows, inserting
from chassis.transaction import Transaction
from chassis.writes import Write
from services.disbursement.domain.facts import BastField, GoodsFate, HandedItem, VoidReason
from services.disbursement.domain.handover import (
    Bast,
    BastNotFound,
    BastState,
    Change,
    ChangeNotFound,
    ChangeState,
    FieldChange,
    LossReason,
    VoidRequest,
)
from services.disbursement.store import handover_tables as h

_TAKE = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:counts AS int[])) AS wanted (package_code, wanted_count)),
shelf AS MATERIALIZED (
    SELECT stock.package_code, least(stock.in_stock_count, wanted.wanted_count) AS taken_count
    FROM stock JOIN wanted ON wanted.package_code = stock.package_code
    WHERE stock.programme_id = :programme_id
    ORDER BY stock.package_code FOR NO KEY UPDATE OF stock),
taken AS (
    UPDATE stock SET in_stock_count = in_stock_count - taken_count, handed_over_count = handed_over_count + taken_count
    FROM shelf WHERE stock.programme_id = :programme_id AND stock.package_code = shelf.package_code),
numbered AS (
    INSERT INTO bast_serial (agency, year, last_serial)
    SELECT :agency, :year, sum(taken_count)::int FROM shelf HAVING sum(taken_count) > 0
    ON CONFLICT (agency, year) DO UPDATE SET last_serial = bast_serial.last_serial + excluded.last_serial
    RETURNING last_serial)
SELECT package_code, taken_count, (SELECT last_serial FROM numbered) AS last_serial FROM shelf
""")
"""The shelves in the order of their codes and then the counter: two lists at once cannot deadlock."""


@dataclass(frozen=True, slots=True)
class Signatories:
    """Who signs beside the recipient: Pihak Pertama and the witness, by name and position."""

    first_party_name: str
    first_party_position: str
    witness_name: str
    witness_position: str


@dataclass(frozen=True, slots=True)
class NewBast:
    """A BAST to be stored with its serial number and its items (name of the item, item)."""

    bast: Bast
    serial: int
    items: Sequence[tuple[str, HandedItem]]


async def take_packages(
    tx: Transaction, programme_id: UUID, wanted: Mapping[str, int], agency: str, year: int
) -> tuple[dict[str, int], Iterator[int]]:
    """Packages leave the stock for recipients, as many as there are: how many by code, and the next BAST numbers.

    Taken last, and in one statement: these rows, which every handover needs, stay locked until the commit.
    """
    parameters = {"programme_id": programme_id, "codes": list(wanted), "counts": list(wanted.values())}
    rows = await tx.fetch_all(_TAKE, {**parameters, "agency": agency, "year": year})
    taken = {row.package_code: row.taken_count for row in rows}
    count = sum(taken.values())
    last = rows[0].last_serial if count else 0
    return taken, iter(range(last - count + 1, last + 1))


def storing_basts(tx: Transaction, made: Sequence[NewBast], signatories: Signatories) -> tuple[Write, Write]:
    """BAST with their items; officials' names are sealed."""
    items = [
        {
            "bast_id": each.bast.id,
            "item_code": item.item_code,
            "name": name,
            "quantity": item.quantity,
            "unit_price_rupiah": item.unit_price_rupiah,
            "condition": item.condition.value,
        }
        for each in made
        for name, item in each.items
    ]
    basts = [_bast_row(tx, each.bast, each.serial, signatories) for each in made]
    return inserting(h.bast, basts), inserting(h.bast_item, items)


async def load_bast(tx: Transaction, bast_id: UUID, *, for_update: bool = False) -> Bast:
    """One BAST. Raises BastNotFound."""
    statement = select(h.bast).where(h.bast.c.id == bast_id)
    row = await tx.fetch_one(statement.with_for_update(key_share=True) if for_update else statement)
    if row is None:
        raise BastNotFound(bast_id=bast_id)
    return Bast(
        id=row.id,
        number=row.number,
        grant_id=row.grant_id,
        person_id=row.person_id,
        programme_id=row.programme_id,
        session_id=row.session_id,
        agency=row.agency,
        region_code=row.region_code,
        occurred_on=row.occurred_on,
        place_code=row.place_code,
        place_name=row.place_name,
        photo_reference=row.photo_reference,
        replaces_bast_id=row.replaces_bast_id,
        state=BastState(row.state),
    )


async def mark_void(tx: Transaction, bast: Bast) -> None:
    """Save that the BAST is void; number and items stay as they were."""
    await tx.execute(update(h.bast).where(h.bast.c.id == bast.id).values(state=bast.state.value))


async def voids_to_replace(tx: Transaction, grant_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """By grant, the voided BAST that no other one replaces yet."""
    rows = await tx.fetch_all(
        text("""
        SELECT DISTINCT ON (grant_id) grant_id, id FROM bast
        WHERE grant_id = ANY (CAST(:grant_ids AS uuid[])) AND state = 'void'
          AND NOT EXISTS (SELECT FROM bast newer WHERE newer.replaces_bast_id = bast.id)
        ORDER BY grant_id, id DESC"""),
        {"grant_ids": list(grant_ids)},
    )
    return {row.grant_id: row.id for row in rows}


async def change_pending(tx: Transaction, bast_id: UUID) -> bool:
    """Whether a void or a correction of the BAST waits for its second officer."""
    found = await tx.scalar(
        text("""
        SELECT EXISTS (SELECT FROM bast_void WHERE bast_id = :id AND state = 'requested')
            OR EXISTS (SELECT FROM bast_correction WHERE bast_id = :id AND state = 'requested')"""),
        {"id": bast_id},
    )
    return bool(found)


async def insert_void(tx: Transaction, bast: Bast, request: VoidRequest) -> None:
    """Store a request to void."""
    await tx.execute(
        insert(h.bast_void).values(
            reason=request.reason.value,
            goods=request.goods.value,
            loss_reason=request.loss_reason.value if request.loss_reason else None,
            **_change(tx, bast, request),
        )
    )


async def load_void(tx: Transaction, void_id: UUID) -> VoidRequest:
    """A request to void, locked. Raises ChangeNotFound."""
    row = await _load_change(tx, h.bast_void, void_id)
    return VoidRequest(
        id=row.id,
        bast_id=row.bast_id,
        maker=row.maker,
        state=ChangeState(row.state),
        checker=row.checker,
        reason=VoidReason(row.reason),
        goods=GoodsFate(row.goods),
        loss_reason=LossReason(row.loss_reason) if row.loss_reason else None,
    )


async def save_void(tx: Transaction, request: Change) -> None:
    """Save the second officer's answer."""
    await _save_change(tx, h.bast_void, request)


async def insert_correction(
    tx: Transaction, bast: Bast, request: Change, reason: str, fields: Sequence[FieldChange]
) -> None:
    """Store a requested correction; values before and after are sealed, since some are names."""
    await tx.execute(insert(h.bast_correction).values(reason=reason, **_change(tx, bast, request)))
    rows = [
        {
            "correction_id": request.id,
            "field": change.field.value,
            "detail": change.detail,
            "old_value_sealed": tx.vault.seal(change.old_value),
            "new_value_sealed": tx.vault.seal(change.new_value),
        }
        for change in fields
    ]
    await insert_rows(tx, h.bast_correction_field, rows)


async def load_correction(tx: Transaction, correction_id: UUID) -> tuple[Change, str, list[FieldChange]]:
    """A requested correction, locked, its reason and fields. Raises ChangeNotFound."""
    row = await _load_change(tx, h.bast_correction, correction_id)
    columns = h.bast_correction_field.c
    fields = await tx.fetch_all(select(h.bast_correction_field).where(columns.correction_id == correction_id))
    change = Change(row.id, row.bast_id, row.maker, ChangeState(row.state), row.checker)
    return (
        change,
        row.reason,
        [
            FieldChange(
                BastField(each.field),
                tx.vault.open(each.old_value_sealed),
                tx.vault.open(each.new_value_sealed),
                each.detail,
            )
            for each in fields
        ],
    )


async def save_correction(tx: Transaction, request: Change) -> None:
    """Save the second officer's answer."""
    await _save_change(tx, h.bast_correction, request)


async def set_bast_columns(tx: Transaction, bast_id: UUID, values: dict[str, Any]) -> None:
    """Write corrected columns; the values before them stay in the correction."""
    await tx.execute(update(h.bast).where(h.bast.c.id == bast_id).values(**values))


async def set_item_condition(tx: Transaction, bast_id: UUID, item_code: str, condition: str) -> None:
    """Write the corrected condition of one item."""
    columns = h.bast_item.c
    await tx.execute(
        update(h.bast_item)
        .where(columns.bast_id == bast_id, columns.item_code == item_code)
        .values(condition=condition)
    )


def _bast_row(tx: Transaction, bast: Bast, serial: int, signatories: Signatories) -> dict[str, Any]:
    return {
        "id": bast.id,
        "agency": bast.agency,
        "region_code": bast.region_code,
        "year": bast.occurred_on.year,
        "serial": serial,
        "number": bast.number,
        "grant_id": bast.grant_id,
        "person_id": bast.person_id,
        "programme_id": bast.programme_id,
        "session_id": bast.session_id,
        "occurred_on": bast.occurred_on,
        "place_code": bast.place_code,
        "place_name": bast.place_name,
        "first_party_sealed": tx.vault.seal(signatories.first_party_name),
        "first_party_position": signatories.first_party_position,
        "witness_sealed": tx.vault.seal(signatories.witness_name),
        "witness_position": signatories.witness_position,
        "photo_reference": bast.photo_reference,
        "replaces_bast_id": bast.replaces_bast_id,
        "state": bast.state.value,
        "officer": tx.officer.identity,
        "recorded_at": tx.now,
    }


def _change(tx: Transaction, bast: Bast, request: Change) -> dict[str, Any]:
    return {
        "id": request.id,
        "bast_id": bast.id,
        "agency": bast.agency,
        "region_code": bast.region_code,
        "maker": request.maker,
        "state": request.state.value,
        "recorded_at": tx.now,
    }


async def _load_change(tx: Transaction, table: Table, change_id: UUID) -> Any:
    row = await tx.fetch_one(select(table).where(table.c.id == change_id).with_for_update(key_share=True))
    if row is None:
        raise ChangeNotFound(change_id=change_id)
    return row


async def _save_change(tx: Transaction, table: Table, request: Change) -> None:
    await tx.execute(
        update(table).where(table.c.id == request.id).values(state=request.state.value, checker=request.checker)
    )
