"""Acts over many things at once, and the outcome of each."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Column, Date, ForeignKey, PrimaryKeyConstraint, Table, Text, Uuid, insert

from chassis.errors import Refusal
from chassis.transaction import Transaction
from services.training.domain.enrolment import Enrolment
from services.training.domain.occasion import Occasion
from services.training.domain.training_class import TrainingClass
from services.training.store.tables import enrolment_list, enrolment_list_row, metadata

sheet_verification = Table(
    "sheet_verification",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("class_id", Uuid, ForeignKey("training_class.id"), nullable=False),
    Column("checker", Text, nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
)

sheet_verification_row = Table(
    "sheet_verification_row",
    metadata,
    Column("verification_id", Uuid, ForeignKey("sheet_verification.id"), nullable=False),
    Column("sheet_id", Uuid, nullable=False),
    Column("refusal", Text),
    PrimaryKeyConstraint("verification_id", "sheet_id"),
)


async def insert_enrolment_list(
    tx: Transaction,
    training_class: TrainingClass,
    person_ids: Sequence[UUID],
    outcomes: Sequence[Enrolment | Refusal],
    occasion: Occasion,
) -> UUID:
    """Keep what became of each row of a list."""
    list_id = tx.new_id()
    head = {
        "id": list_id,
        "class_id": training_class.class_id,
        "maker": tx.officer.identity,
        "occurred_on": occasion.occurred_on,
        "agency": training_class.agency,
        "region_code": training_class.place_region_code,
    }
    await tx.execute(insert(enrolment_list), head)
    rows = [
        {
            "list_id": list_id,
            "number": number,
            "person_id": person_id,
            "enrolment_id": outcome.enrolment_id if isinstance(outcome, Enrolment) else None,
            "refusal": outcome.code if isinstance(outcome, Refusal) else None,
        }
        for number, (person_id, outcome) in enumerate(zip(person_ids, outcomes, strict=True), start=1)
    ]
    await tx.execute(insert(enrolment_list_row), rows)
    return list_id


async def insert_sheet_verification(
    tx: Transaction, training_class: TrainingClass, refusals: Mapping[UUID, str | None], occasion: Occasion
) -> UUID:
    """Keep what became of each sheet of a bulk verification; None: verified."""
    verification_id = tx.new_id()
    head = {
        "id": verification_id,
        "class_id": training_class.class_id,
        "checker": tx.officer.identity,
        "occurred_on": occasion.occurred_on,
        "agency": training_class.agency,
        "region_code": training_class.place_region_code,
    }
    await tx.execute(insert(sheet_verification), head)
    rows = [
        {"verification_id": verification_id, "sheet_id": sheet_id, "refusal": refusal}
        for sheet_id, refusal in refusals.items()
    ]
    await tx.execute(insert(sheet_verification_row), rows)
    return verification_id
