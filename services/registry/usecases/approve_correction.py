"""The second officer lets a correction take effect."""

from datetime import date
from uuid import UUID

from chassis.commands import Command
from chassis.transaction import Transaction
from services.registry import outgoing
from services.registry.domain.act import Act
from services.registry.domain.correction import Correction, PersonCorrected, PersonField
from services.registry.domain.person import PersonStatus
from services.registry.store import corrections, people
from services.registry.store.people import Person
from services.registry.usecases.propose_correction import require_applicable


class ApproveCorrection(Command):
    """Approval of the version that was seen; the date of the act is the proposal's."""

    version: int


async def approve_correction(tx: Transaction, correction_id: UUID, command: ApproveCorrection) -> UUID:
    """Change the person and tell the names of the changed fields; raises what `Correction.approve` raises."""
    seen = await corrections.load_correction(tx, correction_id)
    # The person first, as when proposing: the same order of locks everywhere.
    person = await people.load_person(tx, seen.person_id, for_update=True)
    correction = await corrections.load_correction(tx, correction_id, for_update=True)
    correction.approve(tx.officer.identity, command.version)
    await require_applicable(tx, person, correction.field, correction.new_value)
    await _change(tx, person, correction)
    person.version += 1
    await people.save_person(tx, person)
    await corrections.save_correction(tx, correction)
    fact = PersonCorrected(correction.id, person.attributes, (correction.field,))
    act = Act(correction.occurred_on, correction.late_entry_reason, person.agency)
    tx.publish(outgoing.person_corrected(fact, act), sequence=person.version)
    return correction_id


async def _change(tx: Transaction, person: Person, correction: Correction) -> None:
    value = correction.new_value
    match correction.field:
        case PersonField.NAME:
            person.name = value
        case PersonField.NIK:
            person.nik = value
        case PersonField.FAMILY_CARD:
            card_index = tx.vault.blind_index(value)
            person.family_id = (await people.ensure_families(tx, {card_index: value}, correction.id))[card_index]
        case PersonField.BIRTH_DATE:
            person.birth_date = date.fromisoformat(value)
        case PersonField.PHONE:
            person.phone = value
        case PersonField.ADDRESS:
            person.address = value
        case PersonField.REGION:
            person.region_code = value
        case PersonField.DECILE:
            person.decile = int(value)
            person.decile_source = correction.decile_source or person.decile_source
        case PersonField.STATUS:
            person.status = PersonStatus(value)
