"""What every fact carries, and the CloudEvents attributes around it."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict

from contracts.fields import AgencyCode, Day, coded

_CASE_NAMESPACE = uuid5(NAMESPACE_URL, "urn:sinergi:case")


class LateEntryReason(StrEnum):
    """Why an act is recorded long after its date."""

    PAPER_RECORD = "paper_record"
    """Recorded on paper in the field, entered later."""
    HISTORICAL_DATA = "historical_data"
    """Taken over from an earlier year or system."""
    NO_NETWORK = "no_network"
    """The place had no connection."""
    CORRECTION = "correction"
    """Found and mended after the fact."""


class Part(BaseModel):
    """A sub-record of a fact."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Fact(Part):
    """Base of every event body. A consumer ignores fields it does not know (a later minor addition)."""

    event_type: ClassVar[str]
    """`<service>.<fact>.v<N>`, the CloudEvents type."""

    occurred_on: Day
    """Regional date of the act itself; the recorded time is the envelope's `time`."""
    late_entry_reason: Annotated[LateEntryReason | None, coded()] = None
    agency: AgencyCode


def to_body(fact: Fact) -> bytes:
    """The record value of a fact: JSON without the optional fields that are not set.

    Absent instead of null, so that an optional field added later leaves the messages of today as they are.
    """
    return fact.model_dump_json(exclude_none=True).encode()


def case_id(programme_id: UUID, person_id: UUID) -> UUID:
    """The case one person has in one programme: the `correlationid` of all its events.

    Derived, so that every service and agency names the case alike without asking anybody.
    """
    return uuid5(_CASE_NAMESPACE, f"{programme_id}/{person_id}")
