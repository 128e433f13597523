"""A class: one course given by one provider at one place on dated sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from chassis.errors import Conflict, NotFound, Unprocessable
from services.training.domain.course import Course


class ClassUnknown(NotFound):
    """No such class, or none in the caller's agency and region."""

    title = "There is no such class"


class SessionUnknown(NotFound):
    """The class has no such session."""

    title = "The class has no such session"


class ProgrammeUnknown(NotFound):
    """Disbursement has not told of this programme (yet)."""

    title = "The programme is not known here yet"


class CourseNotInProgramme(Unprocessable):
    """No package of the programme follows from this course."""

    title = "The programme offers no package for this course"


class SessionCountDiffers(Unprocessable):
    """A class must have as many sessions as its course."""

    title = "The class must have as many sessions as its course"


class SessionDatesRepeat(Unprocessable):
    """Two sessions of one class on one day."""

    title = "Two sessions of a class cannot be on the same day"


class SessionAlreadyVerified(Conflict):
    """The session was held: its attendance is verified."""

    title = "The attendance of this session is verified, so it can no longer be moved"


class ClassFinished(Conflict):
    """The last session is over; only a late entry dated before its end is possible."""

    title = "The class is already finished"


class ClassDecided(Conflict):
    """Every session is verified and completion is decided."""

    title = "The completion of this class is already decided"


@dataclass(frozen=True, slots=True)
class Session:
    """One dated meeting. The number stays when the date moves: a make-up counts for its number."""

    session_id: UUID
    number: int
    held_on: date


@dataclass(frozen=True, slots=True)
class SessionRedated:
    """A session was moved to another day."""

    session_id: UUID
    previously_on: date
    held_on: date


@dataclass(slots=True)
class TrainingClass:
    """The aggregate; `sessions_required` is the course's rule as it was when the class was scheduled."""

    class_id: UUID
    programme_id: UUID
    course_code: str
    provider_code: str
    place_region_code: str
    capacity: int
    sessions: tuple[Session, ...]
    sessions_required: int
    agency: str
    version: int = 1
    decided_on: date | None = None

    @property
    def dates(self) -> tuple[date, ...]:
        """Days of the sessions, in order."""
        return tuple(sorted(session.held_on for session in self.sessions))

    @property
    def last_on(self) -> date:
        """Day of the last session."""
        return max(session.held_on for session in self.sessions)

    def session(self, session_id: UUID) -> Session:
        """The session with this id; raises SessionUnknown."""
        for session in self.sessions:
            if session.session_id == session_id:
                return session
        raise SessionUnknown(class_id=self.class_id, session_id=session_id)

    def is_sister_of(self, other: "TrainingClass") -> bool:
        """Another class of the same course in the same programme: make-ups and transfers go there."""
        return (
            self.class_id != other.class_id
            and self.programme_id == other.programme_id
            and self.course_code == other.course_code
        )

    def redate(self, session_id: UUID, held_on: date, *, is_verified: bool) -> SessionRedated | None:
        """Move a session to another day; None if it is already on that day.

        Raises SessionUnknown, SessionAlreadyVerified, SessionDatesRepeat.
        """
        session = self.session(session_id)
        if session.held_on == held_on:
            return None
        if is_verified:
            raise SessionAlreadyVerified(session_id=session_id)
        if held_on in self.dates:
            raise SessionDatesRepeat(held_on=held_on)
        moved = replace(session, held_on=held_on)
        self.sessions = tuple(moved if each is session else each for each in self.sessions)
        self.version += 1
        return SessionRedated(session_id, session.held_on, held_on)

    def require_open(self, *, today: date, occurred_on: date, is_late_entry: bool) -> None:
        """Refuse newcomers to a class that is over.

        A late entry may still add who was enrolled before the end, until completion is decided.
        Raises ClassDecided, ClassFinished.
        """
        if self.decided_on is not None:
            raise ClassDecided(class_id=self.class_id)
        if occurred_on > self.last_on or (today > self.last_on and not is_late_entry):
            raise ClassFinished(class_id=self.class_id, last_on=self.last_on)


def numbered_sessions(course: Course, dates: Sequence[date], session_ids: Sequence[UUID]) -> tuple[Session, ...]:
    """Sessions numbered from 1 in the order of their dates; raises SessionCountDiffers, SessionDatesRepeat."""
    if len(dates) != course.rule.sessions:
        raise SessionCountDiffers(expected=course.rule.sessions, given=len(dates))
    if len(set(dates)) != len(dates):
        raise SessionDatesRepeat()
    return tuple(
        Session(session_id, number, held_on)
        for number, (session_id, held_on) in enumerate(zip(session_ids, sorted(dates), strict=True), start=1)
    )
