"""An officer proposes to correct one field of a person."""

from datetime import date
from uuid import UUID

from pydantic import Field

from chassis.commands import DatedCommand
from chassis.transaction import Transaction
from contracts.fields import DocumentNumber, ListVersion
from services.registry.domain.correction import (
    Correction,
    CorrectionOpen,
    CorrectionReason,
    NikTaken,
    NothingToCorrect,
    PersonField,
    VillageUnknown,
    read_value,
    require_source,
)
from services.registry.domain.list_row import village_code
from services.registry.domain.person import DecileSource, ListSource
from services.registry.store import corrections, people, regions
from services.registry.store.people import Person


class ProposeCorrection(DatedCommand):
    """The new value of one field, with reason and evidence. A decile comes with its list."""

    field: PersonField
    new_value: str = Field(max_length=300, repr=False)
    reason: CorrectionReason
    evidence_reference: DocumentNumber
    list_source: ListSource | None = None
    list_version: ListVersion | None = None
    list_dated_on: date | None = None

    @property
    def decile_source(self) -> DecileSource | None:
        """The list of a decile, when it was given whole."""
        if self.list_source is None or self.list_version is None or self.list_dated_on is None:
            return None
        return DecileSource(self.list_source, self.list_version, self.list_dated_on)


async def propose_correction(tx: Transaction, person_id: UUID, command: ProposeCorrection) -> UUID:
    """Keep the proposal with the old value; refuses a second open one of the same field, and a value without change."""
    person = await people.load_person(tx, person_id, for_update=True)
    open_id = await corrections.open_correction(tx, person_id, command.field)
    if open_id is not None:
        raise CorrectionOpen(correction_id=open_id, field=command.field.value)
    source = command.decile_source
    require_source(command.field, source)
    new_value = read_value(command.field, command.new_value, tx.today)
    if command.field is PersonField.REGION:
        new_value = village_code(new_value)
    await require_applicable(tx, person, command.field, new_value)
    old_value = await current_value(tx, person, command.field)
    if new_value == old_value and (source is None or source == person.decile_source):
        raise NothingToCorrect(field=command.field.value)
    proposed = Correction(
        id=tx.new_id(),
        person_id=person_id,
        field=command.field,
        old_value=old_value,
        new_value=new_value,
        reason=command.reason,
        evidence_reference=command.evidence_reference,
        maker=tx.officer.identity,
        occurred_on=command.occurred_on,
        late_entry_reason=command.late_entry_reason,
        decile_source=source,
    )
    await corrections.insert_correction(tx, proposed, person)
    return proposed.id


async def require_applicable(tx: Transaction, person: Person, field: PersonField, value: str) -> None:
    """Refuse a village that is unknown or outside the officer's region, and a NIK of somebody else."""
    if field is PersonField.REGION:
        if not await regions.known_villages(tx, [value]):
            raise VillageUnknown(field=field.value)
        tx.officer.require_region(value)
    if field is PersonField.NIK:
        nik_index = tx.vault.blind_index(value)
        known = (await people.find_known(tx, [nik_index])).get(nik_index)
        if known is not None and known.person_id != person.id:
            raise NikTaken(person_id=known.person_id)


async def current_value(tx: Transaction, person: Person, field: PersonField) -> str:
    """The value on record, in the form in which corrections keep it."""
    match field:
        case PersonField.NAME:
            return person.name
        case PersonField.NIK:
            return person.nik
        case PersonField.FAMILY_CARD:
            return await people.family_card(tx, person.family_id)
        case PersonField.BIRTH_DATE:
            return person.birth_date.isoformat()
        case PersonField.PHONE:
            return person.phone
        case PersonField.ADDRESS:
            return person.address
        case PersonField.REGION:
            return person.region_code
        case PersonField.DECILE:
            return str(person.decile)
        case PersonField.STATUS:
            return person.status.value
