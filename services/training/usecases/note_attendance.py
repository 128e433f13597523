"""Take in attendance sheets that providers send on the inbound topic."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.consumer import Delivered
from chassis.errors import Refusal
from chassis.ids import derived_id
from chassis.transaction import Transaction
from contracts.inbound import AttendanceReportedV1
from services.training.domain.occasion import Occasion
from services.training.domain.sheet import Attendance, WrongProvider, entries_by_enrolment
from services.training.domain.training_class import ClassUnknown, TrainingClass
from services.training.store import classes
from services.training.store.unaccepted import insert_unaccepted_sheets
from services.training.usecases.take_in_sheet import take_in_sheet

SheetSent = Delivered[AttendanceReportedV1]


async def note_attendance(tx: Transaction, events: Sequence[SheetSent]) -> None:
    """Store each sheet as reported; the maker is the event's source.

    What cannot be taken in is kept with the refusal's code and never raised: classes are ours, so waiting would mend
    nothing, and whatever an outside party sends, it must not hold up the facts of others.
    """
    # All classes of the batch first, in one order, against a transfer that locks two of them.
    known = await classes.load_classes(tx, list({event.data.class_id for event in events}), for_update=True)
    unaccepted: list[Mapping[str, Any]] = []
    for event in events:
        try:
            await _take_in(tx, event, known)
        except Refusal as refusal:
            unaccepted.append(_unaccepted(tx, event, known.get(event.data.class_id), refusal))
    await insert_unaccepted_sheets(tx, unaccepted)


async def _take_in(tx: Transaction, event: SheetSent, known: Mapping[UUID, TrainingClass]) -> None:
    """Raises ClassUnknown, WrongProvider, SessionUnknown, DuplicateEntry before anything is written."""
    told = event.data
    training_class = known.get(told.class_id)
    if training_class is None:
        raise ClassUnknown(class_id=told.class_id)
    if {told.provider_code, told.agency} != {training_class.provider_code}:
        raise WrongProvider(class_id=told.class_id)
    lines = [(each.enrolment_id, Attendance(each.attendance.value)) for each in told.entries]
    late = told.late_entry_reason
    occasion = Occasion(told.occurred_on, late.value if late else None)
    entries, sheet_id = entries_by_enrolment(lines), derived_id(event.origin, "sheet")
    await take_in_sheet(tx, training_class, told.session_id, entries, event.source, occasion, sheet_id)


def _unaccepted(
    tx: Transaction, event: SheetSent, training_class: TrainingClass | None, refusal: Refusal
) -> Mapping[str, Any]:
    told = event.data
    return {
        "id": derived_id(event.origin, "unaccepted_sheet"),
        "source": event.source,
        "event_id": event.id,
        "sender_agency": told.agency,
        "provider_code": told.provider_code,
        "class_id": told.class_id,
        "session_id": told.session_id,
        "occurred_on": told.occurred_on,
        "entries_count": len(told.entries),
        "refusal": refusal.code,
        "recorded_at": tx.now,
        "agency": training_class.agency if training_class else "",
        "region_code": training_class.place_region_code if training_class else "",
    }
