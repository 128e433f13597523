"""Programmes, their packages, their budget row and their stock."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select, update

from chassis.rows import insert_rows, one_of
from chassis.transaction import Transaction
from services.disbursement.domain.grant import PackageItem
from services.disbursement.domain.programme import (
    BudgetTooSmall,
    Level,
    Package,
    Programme,
    ProgrammeNotFound,
)
from services.disbursement.store import tables as t


async def insert_programme(tx: Transaction, programme: Programme) -> None:
    """Store a new programme with its packages and empty shelves."""
    await tx.execute(insert(t.programme).values(**_row(programme)))
    packages, items, shelves = [], [], []
    for package in programme.packages:
        key = {"programme_id": programme.id, "package_code": package.code}
        packages.append(
            {
                "programme_id": programme.id,
                "code": package.code,
                "name": package.name,
                "course_code": package.course_code,
                "unit_price_rupiah": package.unit_price_rupiah,
                "planned_count": package.planned_count,
            }
        )
        items += [
            {
                **key,
                "item_code": item.item_code,
                "name": item.name,
                "quantity": item.quantity,
                "unit_price_rupiah": item.unit_price_rupiah,
            }
            for item in package.items
        ]
        shelves.append({**key, "bought_count": 0, "in_stock_count": 0, "handed_over_count": 0, "written_off_count": 0})
    await insert_rows(tx, t.package, packages)
    await insert_rows(tx, t.package_item, items)
    await insert_rows(tx, t.stock, shelves)


async def load_programme(tx: Transaction, programme_id: UUID, *, for_update: bool = False) -> Programme:
    """A programme with its packages. Raises ProgrammeNotFound.

    Whoever moves its budget locks the programme first, then grants: the one order that cannot deadlock.
    """
    statement = select(t.programme).where(t.programme.c.id == programme_id)
    if for_update:
        statement = statement.with_for_update(key_share=True)
    row = await tx.fetch_one(statement)
    if row is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    return Programme(
        id=row.id,
        code=row.code,
        agency=row.agency,
        region_code=row.region_code,
        fiscal_year=row.fiscal_year,
        program=Level(row.program_code, row.program_name),
        activity=Level(row.activity_code, row.activity_name),
        sub_activity=Level(row.sub_activity_code, row.sub_activity_name),
        highest_decile=row.highest_decile,
        budget_rupiah=row.budget_rupiah,
        available_rupiah=row.available_rupiah,
        packages=await _packages(tx, programme_id),
        opened_on=row.opened_on,
        version=row.version,
    )


async def lock_programmes(tx: Transaction, programme_ids: Sequence[UUID]) -> list[Programme]:
    """Lock several programmes in id order; unknown ones are left out."""
    known = await tx.fetch_all(
        select(t.programme.c.id)
        .where(one_of(t.programme.c.id, programme_ids))
        .order_by(t.programme.c.id)
        .with_for_update(key_share=True)
    )
    return [await load_programme(tx, row.id) for row in known]


async def programme_exists(tx: Transaction, agency: str, fiscal_year: int, code: str) -> bool:
    """Whether the agency already opened this code in this year."""
    columns = t.programme.c
    found = await tx.scalar(
        select(columns.id).where(columns.agency == agency, columns.fiscal_year == fiscal_year, columns.code == code)
    )
    return found is not None


async def take_budget(tx: Transaction, programme_id: UUID, amount_rupiah: int) -> None:
    """Take from the budget left, by one conditional update. Raises BudgetTooSmall."""
    columns = t.programme.c
    left = await tx.fetch_one(
        update(t.programme)
        .where(columns.id == programme_id, columns.available_rupiah >= amount_rupiah)
        .values(available_rupiah=columns.available_rupiah - amount_rupiah)
        .returning(columns.available_rupiah)
    )
    if left is None:
        raise BudgetTooSmall(programme_id=programme_id, needed_rupiah=amount_rupiah)


async def give_back_budget(tx: Transaction, programme_id: UUID, amount_rupiah: int) -> None:
    """Free what an allocation or a decree had taken."""
    columns = t.programme.c
    await tx.execute(
        update(t.programme)
        .where(columns.id == programme_id)
        .values(available_rupiah=columns.available_rupiah + amount_rupiah)
    )


async def add_budget(tx: Transaction, programme_id: UUID, amount_rupiah: int) -> None:
    """The programme has more money."""
    columns = t.programme.c
    await tx.execute(
        update(t.programme)
        .where(columns.id == programme_id)
        .values(
            budget_rupiah=columns.budget_rupiah + amount_rupiah,
            available_rupiah=columns.available_rupiah + amount_rupiah,
            unspent_rupiah=columns.unspent_rupiah + amount_rupiah,
            version=columns.version + 1,
        )
    )


async def spend(tx: Transaction, programme_id: UUID, amount_rupiah: int) -> None:
    """Pay for goods, never more than the budget. Raises BudgetTooSmall."""
    columns = t.programme.c
    left = await tx.fetch_one(
        update(t.programme)
        .where(columns.id == programme_id, columns.unspent_rupiah >= amount_rupiah)
        .values(unspent_rupiah=columns.unspent_rupiah - amount_rupiah)
        .returning(columns.unspent_rupiah)
    )
    if left is None:
        raise BudgetTooSmall(programme_id=programme_id, needed_rupiah=amount_rupiah)


async def put_on_shelf(tx: Transaction, programme_id: UUID, package_code: str, count: int) -> None:
    """Bought packages came in."""
    columns = t.stock.c
    await tx.execute(
        update(t.stock)
        .where(columns.programme_id == programme_id, columns.package_code == package_code)
        .values(bought_count=columns.bought_count + count, in_stock_count=columns.in_stock_count + count)
    )


async def take_back_goods(tx: Transaction, programme_id: UUID, package_code: str, *, lost: bool) -> None:
    """One handed-over package is back on the shelf, or written off."""
    columns = t.stock.c
    kept, gone = (0, 1) if lost else (1, 0)
    await tx.execute(
        update(t.stock)
        .where(columns.programme_id == programme_id, columns.package_code == package_code)
        .values(
            handed_over_count=columns.handed_over_count - 1,
            in_stock_count=columns.in_stock_count + kept,
            written_off_count=columns.written_off_count + gone,
        )
    )


async def _packages(tx: Transaction, programme_id: UUID) -> tuple[Package, ...]:
    items: dict[str, list[PackageItem]] = {}
    item_rows = select(t.package_item).where(t.package_item.c.programme_id == programme_id)
    for row in await tx.fetch_all(item_rows.order_by(t.package_item.c.item_code)):
        line = PackageItem(row.item_code, row.name, row.quantity, row.unit_price_rupiah)
        items.setdefault(row.package_code, []).append(line)
    rows = await tx.fetch_all(
        select(t.package).where(t.package.c.programme_id == programme_id).order_by(t.package.c.code)
    )
    return tuple(
        Package(
            row.code,
            row.name,
            row.course_code,
            row.unit_price_rupiah,
            row.planned_count,
            tuple(items.get(row.code, ())),
        )
        for row in rows
    )


def _row(programme: Programme) -> dict[str, object]:
    return {
        "id": programme.id,
        "code": programme.code,
        "agency": programme.agency,
        "region_code": programme.region_code,
        "fiscal_year": programme.fiscal_year,
        "program_code": programme.program.code,
        "program_name": programme.program.name,
        "activity_code": programme.activity.code,
        "activity_name": programme.activity.name,
        "sub_activity_code": programme.sub_activity.code,
        "sub_activity_name": programme.sub_activity.name,
        "highest_decile": programme.highest_decile,
        "budget_rupiah": programme.budget_rupiah,
        "available_rupiah": programme.available_rupiah,
        "unspent_rupiah": programme.budget_rupiah,
        "opened_on": programme.opened_on,
        "version": programme.version,
    }
