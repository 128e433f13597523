"""Packages are bought and come into stock."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import insert

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from contracts.fields import Code, DocumentNumber
from services.disbursement.domain.facts import Trail
from services.disbursement.domain.ledger import purchased
from services.disbursement.store import programmes as store
from services.disbursement.store.ledger import LogLine, Posting, record
from services.disbursement.store.tables import purchase
from services.disbursement.usecases.record_changes import about_programme, occasion_of


class BuyGoods(DatedCommand):
    """Record a purchase that was delivered: packages of one kind at a price each, in rupiah."""

    programme_id: UUID
    package_code: Code
    count: Annotated[int, Field(strict=True, gt=0, le=10**6)]
    unit_price_rupiah: Annotated[int, Field(strict=True, gt=0, le=10**12)]
    document_number: DocumentNumber


async def buy_goods(tx: Transaction, command: BuyGoods) -> UUID:
    """Pay within the budget and fill the stock. Raises ProgrammeNotFound, PackageUnknown, BudgetTooSmall."""
    programme = await store.load_programme(tx, command.programme_id)
    package = programme.package(command.package_code)
    paid_rupiah = command.count * command.unit_price_rupiah
    await store.spend(tx, programme.id, paid_rupiah)
    await store.put_on_shelf(tx, programme.id, package.code, command.count)
    purchase_id, occasion, about = tx.new_id(), occasion_of(tx, command), about_programme(programme)
    await tx.execute(
        insert(purchase).values(
            id=purchase_id,
            agency=programme.agency,
            region_code=programme.region_code,
            officer=tx.officer.identity,
            recorded_at=tx.now,
            **command.model_dump(exclude={"late_entry_reason"}),
        )
    )
    entries = purchased(command.count, package.unit_price_rupiah, command.unit_price_rupiah)
    trail = Trail("goods_bought", purchase_id, command.document_number)
    line = LogLine(about, trail, occasion, paid_rupiah)
    await record(tx, [Posting(about, entries, occasion, purchase_id)], [line])
    return purchase_id
