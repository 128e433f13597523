"""Who may take a place in a class."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import Conflict, Unprocessable
from services.training.domain.training_class import TrainingClass


class PersonStatus(StrEnum):
    """What the registry says of a person."""

    ACTIVE = "active"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class PersonUnknown(Unprocessable):
    """The registry has not told of this person (yet)."""

    title = "The person is not known here yet"


class PersonDeceased(Conflict):
    """The registry records the person as deceased."""

    title = "The person is recorded as deceased"


class PersonMovedAway(Conflict):
    """The registry records the person as moved away."""

    title = "The person is recorded as moved away"


class AlreadyEnrolledInProgramme(Conflict):
    """One course per person and programme."""

    title = "The person is already enrolled in this programme"


class OverlappingClass(Conflict):
    """The person sits in another class on one of these days."""

    title = "The person is enrolled in another class on one of these days"


class ClassFull(Conflict):
    """All places of the class are taken."""

    title = "The class is full"


@dataclass(frozen=True, slots=True)
class Applicant:
    """What is known of somebody who wants a place; `status` None: the registry never told of them."""

    person_id: UUID
    status: PersonStatus | None
    booked_days: frozenset[date] = frozenset()
    is_in_programme: bool = False


@dataclass(slots=True)
class Admission:
    """Gives away the free places of one class, one applicant after the other."""

    training_class: TrainingClass
    places_taken: int

    def admit(self, applicant: Applicant) -> None:
        """Take one place.

        Raises PersonUnknown, PersonDeceased, PersonMovedAway, AlreadyEnrolledInProgramme,
        OverlappingClass, ClassFull.
        """
        person_id = applicant.person_id
        if applicant.status is None:
            raise PersonUnknown(person_id=person_id)
        if applicant.status is PersonStatus.DECEASED:
            raise PersonDeceased(person_id=person_id)
        if applicant.status is PersonStatus.MOVED_AWAY:
            raise PersonMovedAway(person_id=person_id)
        if applicant.is_in_programme:
            raise AlreadyEnrolledInProgramme(person_id=person_id, programme_id=self.training_class.programme_id)
        shared = applicant.booked_days.intersection(self.training_class.dates)
        if shared:
            raise OverlappingClass(person_id=person_id, held_on=min(shared))
        if self.places_taken >= self.training_class.capacity:
            raise ClassFull(class_id=self.training_class.class_id, capacity=self.training_class.capacity)
        self.places_taken += 1
