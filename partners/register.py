"""A training provider's own register of classes and participants, made from the facts it hears. No Kafka here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from contracts.envelope import Fact, LateEntryReason
from contracts.inbound import Attendance, AttendanceEntry, AttendanceReportedV1
from contracts.training import (
    ClassScheduledV1,
    CourseNotCompletedV1,
    EnrolledV1,
    EnrolmentRescheduledV1,
    SessionRedatedV1,
)

WANTED: Final = (ClassScheduledV1, SessionRedatedV1, EnrolledV1, EnrolmentRescheduledV1, CourseNotCompletedV1)


@dataclass(slots=True)
class Register:
    """Classes and participants of all providers; sheets are made for one provider's classes only.

    The facts of classes and of enrolments travel on different topics and arrive in any order, so each is kept as it
    comes and put together when a sheet is made.
    """

    provider_code: str
    _classes: dict[UUID, ClassScheduledV1] = field(default_factory=dict)
    _dates: dict[UUID, date] = field(default_factory=dict)
    _participants: dict[UUID, tuple[UUID, UUID]] = field(default_factory=dict)
    _left: set[UUID] = field(default_factory=set)
    _reported: set[UUID] = field(default_factory=set)

    def hear(self, fact: Fact) -> None:
        """Take a fact into the register; hearing it again changes nothing."""
        match fact:
            case ClassScheduledV1():
                self._classes[fact.class_id] = fact
            case SessionRedatedV1():
                self._dates[fact.session_id] = fact.held_on
            case EnrolledV1():
                self._participants.setdefault(fact.enrolment_id, (fact.class_id, fact.person_id))
            case EnrolmentRescheduledV1():
                self._participants[fact.enrolment_id] = (fact.class_id, fact.person_id)
            case CourseNotCompletedV1():
                self._left.add(fact.enrolment_id)

    @property
    def enrolled_count(self) -> int:
        """Enrolments heard in this provider's classes, those included who left."""
        own = self._own_classes()
        return sum(class_id in own for class_id, _ in self._participants.values())

    @property
    def left_count(self) -> int:
        """Of them, those who left or did not complete."""
        own = self._own_classes()
        return sum(self._participants[one][0] in own for one in self._left if one in self._participants)

    def sheets_until(
        self, day: date, marks: Mapping[UUID, Attendance], reason: LateEntryReason | None
    ) -> Iterator[AttendanceReportedV1]:
        """Attendance sheets of this provider's sessions held up to a day and not reported yet, in order of date.

        `marks` names by person id who was not present; everybody else was. Who left stands on no sheet.
        """
        due = sorted(
            (self._dates.get(session.session_id, session.held_on), one.class_id, session.session_id)
            for one in self._own_classes().values()
            for session in one.sessions
            if session.session_id not in self._reported
        )
        for held_on, class_id, session_id in due:
            lines = self._lines(class_id, marks)
            if held_on <= day and lines:
                self._reported.add(session_id)
                yield AttendanceReportedV1(
                    occurred_on=held_on,
                    late_entry_reason=reason,
                    agency=self.provider_code,
                    provider_code=self.provider_code,
                    class_id=class_id,
                    session_id=session_id,
                    entries=lines,
                )

    def _own_classes(self) -> dict[UUID, ClassScheduledV1]:
        return {key: one for key, one in self._classes.items() if one.provider_code == self.provider_code}

    def _lines(self, class_id: UUID, marks: Mapping[UUID, Attendance]) -> tuple[AttendanceEntry, ...]:
        return tuple(
            AttendanceEntry(enrolment_id=enrolment_id, attendance=marks.get(person_id, Attendance.PRESENT))
            for enrolment_id, (of_class, person_id) in sorted(self._participants.items())
            if of_class == class_id and enrolment_id not in self._left
        )
