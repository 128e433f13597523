"""Keep an attendance sheet that was reported, whichever way it came."""

from collections.abc import Mapping
from uuid import UUID

from chassis.transaction import Transaction
from services.training.domain.occasion import Occasion
from services.training.domain.sheet import Attendance
from services.training.domain.training_class import TrainingClass
from services.training.store import sheets


async def take_in_sheet(
    tx: Transaction,
    training_class: TrainingClass,
    session_id: UUID,
    entries: Mapping[UUID, Attendance],
    maker: str,
    occasion: Occasion,
    sheet_id: UUID,
) -> UUID:
    """Store a new revision under this id, or find the one that says the same; returns its id. Its class is locked.

    Lines that name no known enrolment are kept: they are shown as unresolved and count for nobody.
    Raises SessionUnknown.
    """
    training_class.session(session_id)
    known = (await sheets.load_session_sheets(tx, training_class.class_id, [session_id]))[session_id]
    same = known.saying(entries)
    if same is not None:
        return same.sheet_id
    replaced = known.open
    new = known.report(sheet_id, entries, maker)
    if replaced is not None:
        await sheets.save_sheet(tx, replaced)
    await sheets.insert_sheet(tx, new, training_class, occasion)
    return new.sheet_id
