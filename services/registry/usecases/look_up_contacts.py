"""The one way identifying data leaves the registry: a batch look-up with its purpose on record."""

from uuid import UUID

from pydantic import Field

from chassis.auth import Role
from chassis.commands import Command
from chassis.transaction import Transaction
from services.registry.domain.purpose import Purpose
from services.registry.store import people
from services.registry.views import ContactList, ContactView


class LookUpContacts(Command):
    """People to be reached, and what for."""

    purpose: Purpose
    person_ids: list[UUID] = Field(min_length=1, max_length=500)


async def look_up_contacts(tx: Transaction, asked: LookUpContacts) -> ContactList:
    """Name, phone, e-mail, address and village. Services may ask across agencies, officers within their own."""
    rows = await people.find_by_ids(tx, asked.person_ids)
    if Role.SERVICE not in tx.officer.roles:
        rows = [row for row in rows if row.agency == tx.officer.agency]
    found = {row.id for row in rows}
    await tx.record_access(asked.purpose, sorted(found))
    items = [
        ContactView(
            person_id=row.id,
            name=row.name,
            phone=people.open_optional(tx, row.phone_sealed) or None,
            email=people.open_optional(tx, row.email_sealed) or None,
            address=people.open_optional(tx, row.address_sealed),
            village=row.village,
            region_code=row.region_code,
            status=row.status,
        )
        for row in rows
    ]
    missing = [person_id for person_id in dict.fromkeys(asked.person_ids) if person_id not in found]
    return ContactList(purpose=asked.purpose, items=items, missing=missing)
