"""What the stages share: the installation, the officers, and what earlier stages found out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from demo.figures import Figures
from demo.officers import Office, Officer
from demo.outside import Partner
from demo.people import Person
from demo.regions import kecamatan_names

LATE: Final = "historical_data"
"""Everything happened in 2023 and 2024 and is entered now."""

NOT_OPENED: Final = UUID(int=0)

Show = Callable[[int, int], None]
"""Told how far a stage is: done, of how many."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The running stack."""

    urls: Mapping[str, str]
    kafka_bootstrap_servers: str
    zipkin_url: str
    simulator_url: str
    report_file: Path


@dataclass(frozen=True, slots=True)
class Staff:
    """The officers of the scenario, each with rights of their own. All fictitious."""

    petugas: Officer
    verifikator: Officer
    penetap: Officer
    auditor: Officer
    operator: Officer
    bansos_petugas: Officer
    bansos_verifikator: Officer
    pendamping: Mapping[str, Officer]
    """Mentors by code of their kecamatan."""
    koperasi: Officer


@dataclass(slots=True)
class World:
    """One run of the scenario."""

    installation: Installation
    office: Office
    staff: Staff
    figures: Figures
    partners: Mapping[str, Partner]
    """The outside processes: by provider's code, and `dinas-koperasi`."""
    programme_id: UUID = NOT_OPENED
    person_ids: dict[str, UUID] = field(default_factory=dict)
    """By NIK."""
    class_ids: dict[str, UUID] = field(default_factory=dict)
    """By code of the class in the scenario."""
    grant_ids: dict[UUID, UUID] = field(default_factory=dict)
    """Grants by person."""
    sessions: dict[str, UUID] = field(default_factory=dict)
    """Handover sessions by the scenario's own key."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the end tells besides figures."""

    def id_of(self, person: Person) -> UUID:
        """The registry's id of a person."""
        return self.person_ids[person.nik]

    def grant_of(self, person: Person) -> UUID:
        """The grant of a person."""
        return self.grant_ids[self.id_of(person)]


def staff_of(office: Office) -> Staff:
    """All officers, with their tokens."""
    return Staff(
        petugas=office.officer("petugas.dinsos", "petugas"),
        verifikator=office.officer("verifikator.dinsos", "verifikator"),
        penetap=office.officer("kepala.dinsos", "penetap"),
        auditor=office.officer("inspektorat", "auditor", agency="*"),
        operator=office.officer("operator", "operator", agency="*", region=""),
        bansos_petugas=office.officer("petugas.bansos", "petugas"),
        bansos_verifikator=office.officer("verifikator.bansos", "verifikator"),
        pendamping={
            code: office.officer(f"pendamping.{name.lower()}", "pendamping", region=code)
            for code, name in kecamatan_names().items()
        },
        koperasi=office.officer("integrasi.koperasi", "petugas", agency="dinas-koperasi"),
    )


def on(day: date) -> dict[str, str]:
    """Date and lateness of an act of back then."""
    return {"occurred_on": day.isoformat(), "late_entry_reason": LATE}
