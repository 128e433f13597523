"""An enrolment: one person's place in a class, until it is completed or not."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, NotFound, Unprocessable
from services.training.domain.admission import PersonStatus
from services.training.domain.training_class import TrainingClass


class EnrolmentUnknown(NotFound):
    """No such enrolment, or none in the caller's agency and region."""

    title = "There is no such enrolment"


class EnrolmentEnded(Conflict):
    """The enrolment already has its outcome."""

    title = "The enrolment has already ended"


class NotSisterClass(Unprocessable):
    """A transfer stays within the course and the programme."""

    title = "A transfer is only possible to another class of the same course and programme"


class EnrolmentStatus(StrEnum):
    """Life of an enrolment."""

    ENROLLED = "enrolled"
    COMPLETED = "completed"
    NOT_COMPLETED = "not_completed"


class NotCompletedReason(StrEnum):
    """Why an enrolment ended without completion."""

    WITHDREW = "withdrew"
    ATTENDANCE_SHORT = "attendance_short"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class WithdrawalReason(StrEnum):
    """Why somebody withdrew; kept here, the outside is told only that they did."""

    FOUND_WORK = "found_work"
    ILLNESS = "illness"
    FAMILY_DUTIES = "family_duties"
    TOO_FAR = "too_far"
    NOT_INTERESTED = "not_interested"


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """The same enrolment has other dates now."""

    transferred: bool


@dataclass(frozen=True, slots=True)
class Completed:
    """The course rule is met."""

    sessions_attended: int
    sessions_required: int
    completed_on: date


@dataclass(frozen=True, slots=True)
class NotCompleted:
    """The enrolment ended without completion, or a completion was taken back."""

    sessions_attended: int
    sessions_required: int
    reason: NotCompletedReason


Outcome = Completed | NotCompleted

_REASON_OF_STATUS = {
    PersonStatus.DECEASED: NotCompletedReason.DECEASED,
    PersonStatus.MOVED_AWAY: NotCompletedReason.MOVED_AWAY,
}


@dataclass(slots=True)
class Enrolment:
    """The aggregate. Attendance decides once the class's last session is verified, never earlier."""

    enrolment_id: UUID
    person_id: UUID
    programme_id: UUID
    course_code: str
    class_id: UUID
    sessions_required: int
    agency: str
    region_code: str
    status: EnrolmentStatus = EnrolmentStatus.ENROLLED
    reason: NotCompletedReason | None = None
    withdrawal_reason: WithdrawalReason | None = None
    sessions_attended: int = 0
    completed_on: date | None = None
    version: int = 1

    @classmethod
    def enrol(cls, enrolment_id: UUID, person_id: UUID, training_class: TrainingClass) -> "Enrolment":
        """A place in the class; whether there is one, and for whom, is the admission's to say."""
        return cls(
            enrolment_id=enrolment_id,
            person_id=person_id,
            programme_id=training_class.programme_id,
            course_code=training_class.course_code,
            class_id=training_class.class_id,
            sessions_required=training_class.sessions_required,
            agency=training_class.agency,
            region_code=training_class.place_region_code,
        )

    @property
    def is_decided_by_attendance(self) -> bool:
        """Completed or fell short: a corrected attendance sheet can still turn the outcome."""
        return self.status is EnrolmentStatus.COMPLETED or self.reason is NotCompletedReason.ATTENDANCE_SHORT

    @property
    def holds_its_days(self) -> bool:
        """Whether its session days and its programme are closed to another enrolment of the person."""
        return self.status is EnrolmentStatus.ENROLLED or self.is_decided_by_attendance

    def reschedule(self) -> Rescheduled:
        """A session of the class was moved; raises EnrolmentEnded."""
        self._require_enrolled()
        self.version += 1
        return Rescheduled(transferred=False)

    def transfer(self, origin: TrainingClass, target: TrainingClass) -> Rescheduled:
        """Go on in a sister class; attendance so far counts there. Raises EnrolmentEnded, NotSisterClass."""
        self._require_enrolled()
        if not target.is_sister_of(origin):
            raise NotSisterClass(class_id=origin.class_id, to_class_id=target.class_id)
        self.class_id = target.class_id
        self.sessions_required = target.sessions_required
        self.agency = target.agency
        self.region_code = target.place_region_code
        self.version += 1
        return Rescheduled(transferred=True)

    def withdraw(self, reason: WithdrawalReason, sessions_attended: int) -> NotCompleted:
        """End it by the person's own wish; raises EnrolmentEnded."""
        self._require_enrolled()
        self.withdrawal_reason = reason
        return self._not_completed(NotCompletedReason.WITHDREW, sessions_attended)

    def person_became(self, status: PersonStatus, sessions_attended: int) -> NotCompleted | None:
        """End it because the person died or moved away; None if there is nothing to end."""
        reason = _REASON_OF_STATUS.get(status)
        if reason is None or self.status is not EnrolmentStatus.ENROLLED:
            return None
        return self._not_completed(reason, sessions_attended)

    def decide(self, sessions_attended: int, last_on: date) -> Outcome | None:
        """Apply the course rule to verified attendance; None if outcome and count stay as they were.

        Also turns an earlier outcome after a correction. Who withdrew, died or moved stays as is.
        """
        is_first = self.status is EnrolmentStatus.ENROLLED
        if not is_first and not self.is_decided_by_attendance:
            return None
        is_completed = sessions_attended >= self.sessions_required
        if not is_first and sessions_attended == self.sessions_attended:
            return None
        if not is_completed:
            return self._not_completed(NotCompletedReason.ATTENDANCE_SHORT, sessions_attended)
        self.status, self.reason = EnrolmentStatus.COMPLETED, None
        self.sessions_attended, self.completed_on = sessions_attended, last_on
        self.version += 1
        return Completed(sessions_attended, self.sessions_required, last_on)

    def _not_completed(self, reason: NotCompletedReason, sessions_attended: int) -> NotCompleted:
        self.status, self.reason = EnrolmentStatus.NOT_COMPLETED, reason
        self.sessions_attended, self.completed_on = sessions_attended, None
        self.version += 1
        return NotCompleted(sessions_attended, self.sessions_required, reason)

    def _require_enrolled(self) -> None:
        if self.status is not EnrolmentStatus.ENROLLED:
            raise EnrolmentEnded(enrolment_id=self.enrolment_id, status=self.status.value)
