"""What the printable attendance list (daftar hadir) of a session shows."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from chassis.transaction import Transaction
from services.training.store import classes
from services.training.store.tables import course, enrolment, provider


@dataclass(frozen=True, slots=True)
class AttendanceList:
    """One page to sign: enrolment and person ids, never names, which only the registry has."""

    course_name: str
    provider_name: str
    place_region_code: str
    class_id: UUID
    session_number: int
    sessions_count: int
    held_on: date
    rows: list[tuple[UUID, UUID]]


async def find_attendance_list(tx: Transaction, class_id: UUID, session_id: UUID) -> AttendanceList:
    """Everybody still enrolled or completed, in the order of enrolment; raises ClassUnknown, SessionUnknown."""
    training_class = await classes.load_class(tx, class_id)
    session = training_class.session(session_id)
    course_name = await tx.scalar(select(course.c.name).where(course.c.code == training_class.course_code))
    provider_name = await tx.scalar(select(provider.c.name).where(provider.c.code == training_class.provider_code))
    rows = await tx.fetch_all(
        select(enrolment.c.id, enrolment.c.person_id)
        .where(enrolment.c.class_id == class_id, enrolment.c.status != "not_completed")
        .order_by(enrolment.c.id)
    )
    return AttendanceList(
        course_name=course_name,
        provider_name=provider_name,
        place_region_code=training_class.place_region_code,
        class_id=class_id,
        session_number=session.number,
        sessions_count=len(training_class.sessions),
        held_on=session.held_on,
        rows=[(row.id, row.person_id) for row in rows],
    )
