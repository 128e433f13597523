"""A person as eligibility sees it: the attributes that travel, and none that identify."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.errors import NotFound


class ListSource(StrEnum):
    """Targeting list a decile comes from. Sources change: DTKS, P3KE (Inpres 4/2022), DTSEN (Inpres 4/2025)."""

    DTKS = "dtks"
    P3KE = "p3ke"
    REGSOSEK = "regsosek"
    DTSEN = "dtsen"


class PopulationMatch(StrEnum):
    """Result of the comparison with Dukcapil."""

    MATCHED = "matched"
    NOT_MATCHED = "not_matched"
    NOT_CHECKED = "not_checked"


class PersonStatus(StrEnum):
    """Whether a person can take part at all."""

    ACTIVE = "active"
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class PersonNotFound(NotFound):
    """No such person within the caller's scope."""

    title = "No such person in your agency and region"


@dataclass(frozen=True, slots=True)
class DecileSource:
    """Where a decile was read: never a decile without its list."""

    list_source: ListSource
    list_version: str
    list_dated_on: date


@dataclass(frozen=True, slots=True)
class Attributes:
    """Eligibility attributes of a person as they are now."""

    person_id: UUID
    family_id: UUID
    region_code: str
    decile: int
    decile_source: DecileSource
    population_match: PopulationMatch
    status: PersonStatus
