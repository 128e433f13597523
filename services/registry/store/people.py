"""People, their families, and the keyed indexes by which both are found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update

from chassis.ids import derived_id
from chassis.paging import PageRows, fetch_scoped_page
from chassis.rows import insert_rows, one_of
from chassis.transaction import Transaction
from services.registry.domain.person import (
    Attributes,
    DecileSource,
    ListSource,
    PersonNotFound,
    PersonStatus,
    PopulationMatch,
)
from services.registry.store.tables import family, identity, person, region

SEARCHED_PEOPLE = 4_000
"""People whose names one page of a search looks at. With 10,000, as decision 0033 has it, a search in a village took
three times as long among a million as among ten thousand, of whom few live there."""

_INSERT_FAMILIES = text(
    """
    INSERT INTO family (id, card_index, card_sealed, registered_at)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:indexes AS bytea[]), CAST(:sealed AS bytea[])) AS given
        CROSS JOIN (SELECT CAST(:now AS timestamptz)) AS moment
    ON CONFLICT (card_index) DO NOTHING
    """
)
_INSERT_IDENTITIES = text(
    """
    INSERT INTO identity (person_id, nik_index, family_id)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:indexes AS bytea[]), CAST(:families AS uuid[]))
    ON CONFLICT (nik_index) DO NOTHING
    RETURNING person_id
    """
)


@dataclass(frozen=True, slots=True)
class Known:
    """Who a NIK belongs to."""

    person_id: UUID
    family_id: UUID
    card_index: bytes


@dataclass(slots=True)
class Person:
    """A person as stored, identifying values opened."""

    id: UUID
    agency: str
    family_id: UUID
    region_code: str
    nik: str
    name: str
    birth_date: date
    address: str
    phone: str
    email: str
    decile: int
    decile_source: DecileSource
    population_match: PopulationMatch
    status: PersonStatus
    version: int

    @property
    def attributes(self) -> Attributes:
        """What may travel."""
        return Attributes(
            self.id,
            self.family_id,
            self.region_code,
            self.decile,
            self.decile_source,
            self.population_match,
            self.status,
        )


async def find_known(tx: Transaction, nik_indexes: Sequence[bytes]) -> Mapping[bytes, Known]:
    """Who is registered under these NIKs, in any agency: the check for duplicates must see all."""
    query = (
        select(identity.c.nik_index, identity.c.person_id, family.c.id.label("family_id"), family.c.card_index)
        .join(family, family.c.id == identity.c.family_id)
        .where(one_of(identity.c.nik_index, nik_indexes))
    )
    rows = await tx.fetch_all(query)
    return {bytes(row.nik_index): Known(row.person_id, row.family_id, bytes(row.card_index)) for row in rows}


async def ensure_families(tx: Transaction, cards: Mapping[bytes, str], origin: UUID) -> Mapping[bytes, UUID]:
    """Family ids by blind index of the No. KK; missing families are made, for the sake of a list or correction."""
    # In one order everywhere, or two chunks inserting the same families would wait for each other.
    indexes = sorted(cards)
    sealed = [tx.vault.seal(cards[index]) for index in indexes]
    ids = [derived_id(origin, "family", index.hex()) for index in indexes]
    await tx.execute(_INSERT_FAMILIES, {"ids": ids, "indexes": indexes, "sealed": sealed, "now": tx.now})
    rows = await tx.fetch_all(select(family.c.id, family.c.card_index).where(one_of(family.c.card_index, indexes)))
    return {bytes(row.card_index): row.id for row in rows}


async def insert_identities(tx: Transaction, rows: Sequence[tuple[UUID, bytes, UUID]]) -> frozenset[UUID]:
    """Claim NIKs for (person id, blind index, family id); returns the ids that won, the others exist already."""
    ordered = sorted(rows, key=lambda row: row[1])
    claimed = await tx.fetch_all(
        _INSERT_IDENTITIES,
        {
            "ids": [person_id for person_id, _, _ in ordered],
            "indexes": [nik_index for _, nik_index, _ in ordered],
            "families": [family_id for _, _, family_id in ordered],
        },
    )
    return frozenset(row.person_id for row in claimed)


async def insert_people(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep new people."""
    await insert_rows(tx, person, rows)


async def load_person(tx: Transaction, person_id: UUID, for_update: bool = False) -> Person:
    """A person within the caller's scope; raises `PersonNotFound`. The lock is on the identity row, the key's."""
    if for_update:
        await lock_person(tx, person_id)
    row = await tx.fetch_one(
        select(person, identity.c.family_id)
        .join(identity, identity.c.person_id == person.c.id)
        .where(person.c.id == person_id)
    )
    if row is None:
        raise PersonNotFound(person_id=person_id)
    return _person(tx, row)


async def lock_person(tx: Transaction, person_id: UUID) -> None:
    """Serialise all that is told about a person: several aggregates share this key on their topics."""
    await tx.execute(select(identity.c.person_id).where(identity.c.person_id == person_id).with_for_update())


def _person(tx: Transaction, row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        agency=row.agency,
        family_id=row.family_id,
        region_code=row.region_code,
        nik=tx.vault.open(row.nik_sealed),
        name=row.name,
        birth_date=row.birth_date,
        address=open_optional(tx, row.address_sealed),
        phone=open_optional(tx, row.phone_sealed),
        email=open_optional(tx, row.email_sealed),
        decile=row.decile,
        decile_source=DecileSource(ListSource(row.list_source), row.list_version, row.list_dated_on),
        population_match=PopulationMatch(row.population_match),
        status=PersonStatus(row.status),
        version=row.version,
    )


def open_optional(tx: Transaction, sealed: bytes | None) -> str:
    """The opened text, empty where there is none."""
    return tx.vault.open(sealed) if sealed is not None else ""


async def save_person(tx: Transaction, saved: Person) -> None:
    """Write a corrected person back: every value that a correction may change, and no other."""
    values = {
        "region_code": saved.region_code,
        "nik_sealed": tx.vault.seal(saved.nik),
        "name": saved.name,
        "birth_date": saved.birth_date,
        "address_sealed": tx.vault.seal(saved.address) if saved.address else None,
        "phone_sealed": tx.vault.seal(saved.phone) if saved.phone else None,
        "phone_index": tx.vault.blind_index(saved.phone) if saved.phone else None,
        "decile": saved.decile,
        "list_source": saved.decile_source.list_source.value,
        "list_version": saved.decile_source.list_version,
        "list_dated_on": saved.decile_source.list_dated_on,
        "status": saved.status.value,
        "version": saved.version,
    }
    await tx.execute(update(person).where(person.c.id == saved.id).values(values))
    keys = {"nik_index": tx.vault.blind_index(saved.nik), "family_id": saved.family_id}
    await tx.execute(update(identity).where(identity.c.person_id == saved.id).values(keys))


async def family_card(tx: Transaction, family_id: UUID) -> str:
    """The No. KK of a family."""
    return tx.vault.open(await tx.scalar(select(family.c.card_sealed).where(family.c.id == family_id)))


async def find_people(
    tx: Transaction, after: str | None, limit: int, within: str = "", name: str = "", born_on: date | None = None
) -> PageRows[Row[Any], str]:
    """A page of people in the caller's scope, by village and id; filtered by region, part of the name, birth date.

    No index finds a part of a name beneath row-level security: only so many people are looked at for one page.
    """
    query = (
        select(person, identity.c.family_id, region.c.name.label("village"))
        .join(identity, identity.c.person_id == person.c.id)
        .join(region, region.c.code == person.c.region_code)
    )
    if name:
        query = query.where(person.c.name.icontains(name, autoescape=True))
    if born_on is not None:
        query = query.where(person.c.birth_date == born_on)
    looks_at = SEARCHED_PEOPLE if name else None
    return await fetch_scoped_page(tx, query, person, after, limit, region=within, looks_at=looks_at)


async def find_by_ids(tx: Transaction, person_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """People of these ids in the caller's scope, with family and village name."""
    query = (
        select(person, identity.c.family_id, region.c.name.label("village"))
        .join(identity, identity.c.person_id == person.c.id)
        .join(region, region.c.code == person.c.region_code)
        .where(one_of(person.c.id, person_ids))
    )
    return await tx.fetch_all(query)


async def region_of(tx: Transaction, person_id: UUID) -> str:
    """Village of a person, empty for one unknown."""
    code: str | None = await tx.scalar(select(person.c.region_code).where(person.c.id == person_id))
    return code or ""
