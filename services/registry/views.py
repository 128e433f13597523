"""What the API answers with."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.registry.domain.purpose import Purpose


class ImportView(BaseModel):
    """An import as it stands; `version` is what an approval names."""

    id: UUID
    filename: str
    list_source: str
    list_version: str
    list_dated_on: date
    state: str
    version: int
    rows_count: int
    accepted_count: int
    known_count: int
    refused_count: int
    registered_count: int
    findings_count: dict[str, int] = {}
    """Findings by code."""
    rejection_reason: str | None
    job_id: UUID | None
    uploaded_at: datetime


class FindingView(BaseModel):
    """One reason in one field of one row, with what to do."""

    row_number: int
    field: str
    code: str
    severity: str
    reason: str
    advice: str
    other_row_number: int | None


class RowView(BaseModel):
    """A row of a list as a checker needs it."""

    row_number: int
    outcome: str
    person_id: UUID | None
    nik: str
    name: str
    birth_date: str
    village_code: str
    decile: str


class RegionView(BaseModel):
    """A Kemendagri region code."""

    code: str
    name: str
    level: str


class PersonLine(BaseModel):
    """A person in a list."""

    person_id: UUID
    family_id: UUID
    name: str
    region_code: str
    village: str
    decile: int
    status: str


class MembershipView(BaseModel):
    """A social assistance the family holds or held."""

    scheme: str
    state: str
    since: date | None
    ended_on: date | None


class CorrectionView(BaseModel):
    """A correction; identifying values are masked for readers without need."""

    id: UUID
    person_id: UUID
    field: str
    old_value: str
    new_value: str
    reason: str
    evidence_reference: str
    occurred_on: date
    state: str
    rejection_reason: str | None
    version: int


class PersonView(BaseModel):
    """All the registry knows of a person; names and addresses only for readers with need, the NIK never whole."""

    person_id: UUID
    family_id: UUID
    version: int
    name: str
    nik: str
    birth_date: date | None
    address: str | None
    phone: str | None
    email: str | None
    region_code: str
    decile: int
    list_source: str
    list_version: str
    list_dated_on: date
    population_match: str
    status: str
    memberships: list[MembershipView]
    corrections: list[CorrectionView]


class ResolvedView(BaseModel):
    """Answer to one NIK, by its place in the question: the NIK itself does not come back."""

    position: int
    person_id: UUID | None
    family_id: UUID | None
    region_code: str | None
    status: str | None


class ResolvedList(BaseModel):
    """Answers in the order of the questions."""

    items: list[ResolvedView]


class ContactView(BaseModel):
    """How to reach a person; `phone` and `email` are None where none is known."""

    person_id: UUID
    name: str
    phone: str | None
    email: str | None
    address: str
    village: str
    region_code: str
    status: str


class ContactList(BaseModel):
    """Contacts found; ids that are unknown or out of scope are named as missing."""

    purpose: Purpose
    items: list[ContactView]
    missing: list[UUID]


class EndRequestView(BaseModel):
    """A request to end assistance; `version` is what an approval names."""

    graduation_id: UUID
    person_id: UUID
    family_id: UUID
    programme_id: UUID
    case_id: UUID
    region_code: str
    visits_count: int | None
    answer_due_on: date | None
    waiting_days: int
    state: str
    version: int
    proposed_answer: str | None
    proposed_ended_on: date | None
    proposed_refusal_reason: str | None
