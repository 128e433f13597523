"""Take in attendance sheets that providers send on the inbound topic."""

from collections.abc import Sequence

from chassis.consumer import Delivered
from chassis.transaction import Transaction
from contracts.inbound import AttendanceReportedV1
from services.training.domain.occasion import Occasion
from services.training.domain.sheet import Attendance, WrongProvider, entries_by_enrolment
from services.training.domain.training_class import ClassUnknown
from services.training.store import classes
from services.training.usecases.take_in_sheet import take_in_sheet


async def note_attendance(tx: Transaction, events: Sequence[Delivered[AttendanceReportedV1]]) -> None:
    """Store each sheet as reported; the maker is the event's source.

    Raises ClassUnknown, WrongProvider, SessionUnknown, DuplicateEntry: permanent, the message is parked.
    """
    # All classes of the batch first, in one order, against a transfer that locks two of them.
    known = await classes.load_classes(tx, list({event.data.class_id for event in events}), for_update=True)
    for event in events:
        told = event.data
        training_class = known.get(told.class_id)
        if training_class is None:
            raise ClassUnknown(class_id=told.class_id)
        if told.provider_code != training_class.provider_code:
            raise WrongProvider(class_id=told.class_id)
        lines = [(each.enrolment_id, Attendance(each.attendance.value)) for each in told.entries]
        late = told.late_entry_reason
        occasion = Occasion(told.occurred_on, late.value if late else None)
        await take_in_sheet(tx, training_class, told.session_id, entries_by_enrolment(lines), event.source, occasion)
