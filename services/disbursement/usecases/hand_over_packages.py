"""Packages change hands in a session: checked one by one, written together, for one recipient or a list of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command
from chassis.errors import Refusal
from chassis.transaction import Transaction
from contracts.fields import Code
from services.disbursement.domain.facts import HandedItem, ItemCondition, Occasion
from services.disbursement.domain.grant import Grant, ItemsDiffer
from services.disbursement.domain.handover import (
    Bast,
    HandoverSession,
    SessionOfOtherProgramme,
    bast_number,
)
from services.disbursement.domain.programme import OutOfStock, Package, Programme
from services.disbursement.outgoing import Change
from services.disbursement.store import basts as store
from services.disbursement.store.grants import GrantNotFound, lock_known_grants
from services.disbursement.store.handovers import serving_appointments
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.projections import not_active
from services.disbursement.usecases.record_changes import saving, telling

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


@dataclass(frozen=True, slots=True)
class Handing:
    """A receipt against which nothing speaks."""

    grant: Grant
    package: Package
    items: tuple[HandedItem, ...]
    receipt: Receipt
    replaces_bast_id: UUID | None
    """The grant's voided BAST, if there is one."""


Outcomes = dict[UUID, UUID | Refusal]
"""By grant: the BAST, or why there is none."""


async def hand_over_packages(
    tx: Transaction, session: HandoverSession, receipts: Sequence[Receipt], signing: Signing, occasion: Occasion
) -> Outcomes:
    """Serve whom it can, in the order of the grants' ids; the session is locked for share.

    Refusals: GrantNotFound, SessionOfOtherProgramme, AlreadyHandedOver, GrantNotInState, HandoverBeforeDecree,
    ItemsDiffer, RecipientNotActive, OutOfStock.
    """
    outcomes: Outcomes = {each.grant_id: GrantNotFound(grant_id=each.grant_id) for each in receipts}
    grants = await lock_known_grants(tx, list(outcomes))
    programme = await load_programme(tx, session.programme_id)
    gone = await not_active(tx, [grant.person_id for grant in grants])
    voids = await store.voids_to_replace(tx, list(outcomes))
    given = {each.grant_id: each for each in receipts}
    handings: list[Handing] = []
    for grant in grants:
        try:
            active = grant.person_id not in gone
            package, items = _receivable(programme, session, grant, given[grant.id], occasion, active=active)
            handings.append(Handing(grant, package, items, given[grant.id], voids.get(grant.id)))
        except Refusal as refusal:
            outcomes[grant.id] = refusal
    serials = await _take_from_shelves(tx, session, handings, occasion) if handings else {}
    outcomes |= {each.grant.id: _out_of_stock(each) for each in handings if each.grant.id not in serials}
    served = [each for each in handings if each.grant.id in serials]
    return outcomes | _write(tx, session, served, serials, signing, occasion)


def _receivable(
    programme: Programme, session: HandoverSession, grant: Grant, receipt: Receipt, occasion: Occasion, *, active: bool
) -> tuple[Package, tuple[HandedItem, ...]]:
    if grant.programme_id != session.programme_id:
        raise SessionOfOtherProgramme(grant_id=grant.id, session_id=session.id)
    package = programme.package(grant.package_code)
    items = _items(package, receipt)
    grant.refuse_unless_receivable(occasion.occurred_on, items, package.items, recipient_active=active)
    return package, items


def _items(package: Package, receipt: Receipt) -> tuple[HandedItem, ...]:
    given = receipt.items or tuple(
        ItemHanded(item_code=item.item_code, quantity=item.quantity) for item in package.items
    )
    prices = {item.item_code: item.unit_price_rupiah for item in package.items}
    codes = [item.item_code for item in given]
    if len(set(codes)) != len(codes) or not prices.keys() >= set(codes):
        raise ItemsDiffer(grant_id=receipt.grant_id, package_code=package.code)
    return tuple(HandedItem(item.item_code, item.quantity, prices[item.item_code], item.condition) for item in given)


def _out_of_stock(handing: Handing) -> OutOfStock:
    return OutOfStock(programme_id=handing.grant.programme_id, package_code=handing.package.code)


async def _take_from_shelves(
    tx: Transaction, session: HandoverSession, handings: Sequence[Handing], occasion: Occasion
) -> dict[UUID, int]:
    """The serial of the BAST of each grant for whom there is a package."""
    wanted = Counter(handing.package.code for handing in handings)
    year = occasion.occurred_on.year
    left, serials = await store.take_packages(tx, session.programme_id, wanted, session.agency, year)
    served: dict[UUID, int] = {}
    for handing in handings:
        if left.get(handing.package.code, 0):
            left[handing.package.code] -= 1
            served[handing.grant.id] = next(serials)
    return served


def _write(
    tx: Transaction,
    session: HandoverSession,
    served: Sequence[Handing],
    serials: Mapping[UUID, int],
    signing: Signing,
    occasion: Occasion,
) -> dict[UUID, UUID]:
    """By grant the BAST, under the grant's serial."""
    made, changes = [], []
    for handing in served:
        serial = serials[handing.grant.id]
        number = bast_number(session.agency, occasion.occurred_on.year, serial)
        bast_id = tx.new_id("bast", handing.grant.id)
        bast = _bast(bast_id, session, handing, number, occasion)
        names = {item.item_code: item.name for item in handing.package.items}
        made.append(store.NewBast(bast, serial, [(names[item.item_code], item) for item in handing.items]))
        fact = handing.grant.hand_over(session.id, bast.id, bast.number, handing.items, bast.replaces_bast_id)
        changes.append(Change(handing.grant, fact, occasion))
    tx.later(
        serving_appointments([each.bast.grant_id for each in made], session.id),
        *store.storing_basts(tx, made, store.Signatories(**signing.model_dump())),
        saving(changes, tx.now),
        *telling(tx, changes),
    )
    return {each.bast.grant_id: each.bast.id for each in made}


def _bast(
    bast_id: UUID,
    session: HandoverSession,
    handing: Handing,
    number: str,
    occasion: Occasion,
) -> Bast:
    grant = handing.grant
    return Bast(
        id=bast_id,
        number=number,
        grant_id=grant.id,
        person_id=grant.person_id,
        programme_id=grant.programme_id,
        session_id=session.id,
        agency=grant.agency,
        region_code=grant.region_code,
        occurred_on=occasion.occurred_on,
        place_code=session.place_code,
        place_name=session.place_name,
        photo_reference=handing.receipt.photo_reference,
        replaces_bast_id=handing.replaces_bast_id,
    )
