"""A recipient receives the package against a BAST."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command, DatedCommand
from chassis.ids import new_id
from chassis.transaction import Transaction
from contracts.fields import Code
from services.disbursement.domain.eligibility import PersonStatus
from services.disbursement.domain.facts import HandedItem, ItemCondition, Occasion
from services.disbursement.domain.grant import Grant, ItemsDiffer
from services.disbursement.domain.handover import (
    AppointmentState,
    Bast,
    HandoverSession,
    SessionOfOtherProgramme,
    bast_number,
)
from services.disbursement.domain.programme import Package
from services.disbursement.outgoing import Change
from services.disbursement.store import basts as store
from services.disbursement.store.grants import load_grant
from services.disbursement.store.handovers import load_session, settle_appointments
from services.disbursement.store.programmes import load_programme, take_from_shelf
from services.disbursement.store.projections import person_status
from services.disbursement.usecases.record_changes import occasion_of, record_changes

OfficialName = Annotated[str, Field(min_length=1, max_length=120)]
Position = Annotated[str, Field(min_length=1, max_length=120)]
PhotoReference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,199}$")]


class ItemHanded(Command):
    """One line as handed over."""

    item_code: Code
    quantity: Annotated[int, Field(strict=True, gt=0, le=10**6)]
    condition: ItemCondition = ItemCondition.GOOD


class Signing(Command):
    """Who signs beside the recipient: Pihak Pertama (the authorised official) and the witness (village head)."""

    first_party_name: OfficialName
    first_party_position: Position
    witness_name: OfficialName
    witness_position: Position


class Receipt(Command):
    """What one recipient received; no items means the whole package in good condition."""

    grant_id: UUID
    items: Annotated[tuple[ItemHanded, ...], Field(max_length=50)] = ()
    photo_reference: PhotoReference | None = None


class HandOverAid(DatedCommand):
    """Hand a package over in a session."""

    session_id: UUID
    receipt: Receipt
    signing: Signing


async def hand_over_aid(tx: Transaction, command: HandOverAid) -> UUID:
    """Write the BAST; returns its id. A voided BAST of the grant is replaced by this one.

    Raises SessionNotFound, SessionClosed, GrantNotFound, SessionOfOtherProgramme, AlreadyHandedOver, GrantNotInState,
    HandoverBeforeDecree, ItemsDiffer, RecipientNotActive, OutOfStock.
    """
    session = await load_session(tx, command.session_id)
    session.require_planned()
    return await hand_over_one(tx, session, command.receipt, command.signing, occasion_of(tx, command))


async def hand_over_one(
    tx: Transaction, session: HandoverSession, receipt: Receipt, signing: Signing, occasion: Occasion
) -> UUID:
    """The same for one of a list: every refusal comes before the first row is written."""
    grant = await load_grant(tx, receipt.grant_id, for_update=True)
    if grant.programme_id != session.programme_id:
        raise SessionOfOtherProgramme(grant_id=grant.id, session_id=session.id)
    package = (await load_programme(tx, grant.programme_id)).package(grant.package_code)
    items = _items(package, receipt)
    active = await person_status(tx, grant.person_id) in (None, PersonStatus.ACTIVE)
    grant.refuse_unless_receivable(occasion.occurred_on, items, package.items, recipient_active=active)
    await take_from_shelf(tx, grant.programme_id, grant.package_code)
    bast, serial = await _bast(tx, session, grant, receipt, occasion)
    fact = grant.hand_over(session.id, bast.id, bast.number, items, bast.replaces_bast_id)
    names = {item.item_code: item.name for item in package.items}
    await store.insert_bast(
        tx, bast, serial, store.Signatories(**signing.model_dump()), [(names[each.item_code], each) for each in items]
    )
    if not await settle_appointments(tx, [grant.id], AppointmentState.SERVED, session.id):
        await settle_appointments(tx, [grant.id], AppointmentState.REPLACED)
    await record_changes(tx, [Change(grant, fact, occasion)])
    return bast.id


def _items(package: Package, receipt: Receipt) -> tuple[HandedItem, ...]:
    given = receipt.items or tuple(
        ItemHanded(item_code=item.item_code, quantity=item.quantity) for item in package.items
    )
    prices = {item.item_code: item.unit_price_rupiah for item in package.items}
    codes = [item.item_code for item in given]
    if len(set(codes)) != len(codes) or not prices.keys() >= set(codes):
        raise ItemsDiffer(grant_id=receipt.grant_id, package_code=package.code)
    return tuple(HandedItem(item.item_code, item.quantity, prices[item.item_code], item.condition) for item in given)


async def _bast(
    tx: Transaction, session: HandoverSession, grant: Grant, receipt: Receipt, occasion: Occasion
) -> tuple[Bast, int]:
    replaces = await store.void_to_replace(tx, grant.id)
    serial = await store.next_serial(tx, grant.agency, occasion.occurred_on.year)
    bast = Bast(
        id=new_id(),
        number=bast_number(grant.agency, occasion.occurred_on.year, serial),
        grant_id=grant.id,
        person_id=grant.person_id,
        programme_id=grant.programme_id,
        session_id=session.id,
        agency=grant.agency,
        region_code=grant.region_code,
        occurred_on=occasion.occurred_on,
        place_code=session.place_code,
        place_name=session.place_name,
        photo_reference=receipt.photo_reference,
        replaces_bast_id=replaces,
    )
    return bast, serial
