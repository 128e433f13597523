"""Facts, commands and a small world for the tests of training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from chassis.auth import Role
from chassis.ids import new_id
from contracts.disbursement import PackageOffered, ProgrammeOpenedV1
from contracts.inbound import Attendance, AttendanceEntry, AttendanceReportedV1
from contracts.registry import (
    ListSource,
    PersonCorrectedV1,
    PersonField,
    PersonRegisteredV1,
    PersonStatus,
    PopulationMatch,
)
from tests.support.service import OfficerClient, ServiceUnderTest

PLACE = "33.28.04"
PROVIDER = "lpk-elite-slawi"
LATE = {"late_entry_reason": "historical_data"}
DAYS = [date(2023, 10, 25), date(2023, 10, 26), date(2023, 10, 27), date(2023, 10, 28)]
AFTERWARDS = "2023-11-20"


def _attributes(person_id: UUID, status: str) -> dict[str, Any]:
    return {
        "occurred_on": date(2023, 9, 1),
        "agency": "dinsos",
        "person_id": person_id,
        "family_id": new_id(),
        "region_code": "33.28.04.2018",
        "decile": 1,
        "list_source": ListSource.P3KE,
        "list_version": "2022-tahap-2",
        "list_dated_on": date(2022, 12, 1),
        "population_match": PopulationMatch.MATCHED,
        "status": PersonStatus(status),
    }


def registered(person_id: UUID, status: str = "active") -> PersonRegisteredV1:
    """The registry tells of a person."""
    return PersonRegisteredV1(**_attributes(person_id, status), import_id=new_id())


def corrected(person_id: UUID, status: str) -> PersonCorrectedV1:
    """The registry tells that a person's status changed."""
    return PersonCorrectedV1(
        **_attributes(person_id, status), correction_id=new_id(), changed_fields=(PersonField.STATUS,)
    )


def opened(
    programme_id: UUID, *course_codes: str, agency: str = "dinsos", region_code: str = "33.28"
) -> ProgrammeOpenedV1:
    """Disbursement tells of a programme."""
    packages = tuple(
        PackageOffered(package_code=f"paket-{code}", course_code=code, unit_price_rupiah=3_000_000)
        for code in course_codes
    )
    return ProgrammeOpenedV1(
        occurred_on=date(2023, 9, 1),
        agency=agency,
        programme_id=programme_id,
        programme_code="tegal-uep-2023",
        region_code=region_code,
        fiscal_year=2023,
        budget_rupiah=1_000_000_000,
        highest_decile=4,
        packages=packages,
    )


def reported(
    class_id: UUID, session_id: UUID, lines: Mapping[UUID, str], provider_code: str = PROVIDER
) -> AttendanceReportedV1:
    """A provider sends a sheet on the inbound topic."""
    return AttendanceReportedV1(
        occurred_on=DAYS[0],
        agency=provider_code,
        provider_code=provider_code,
        class_id=class_id,
        session_id=session_id,
        entries=tuple(
            AttendanceEntry(enrolment_id=enrolment_id, attendance=Attendance(word))
            for enrolment_id, word in lines.items()
        ),
    )


@dataclass
class World:
    """Training with a programme, two providers, and courses of four sessions of which 75 % are required."""

    training: ServiceUnderTest
    programme_id: UUID
    petugas: OfficerClient
    verifikator: OfficerClient

    @classmethod
    async def create(cls, training: ServiceUnderTest) -> "World":
        """Tell of the programme and register the offer."""
        world = cls(
            training,
            new_id(),
            training.as_(Role.PETUGAS, subject="petugas-1"),
            training.as_(Role.VERIFIKATOR, subject="verifikator-1"),
        )
        await training.deliver(opened(world.programme_id, "tata-boga", "menjahit"))
        for code in (PROVIDER, "pucuk-daun-lestari"):
            await made(world.petugas, "/providers", code=code, name=code.title(), region_code="33.28")
        for code, sessions in (("tata-boga", 4), ("menjahit", 4)):
            course = {"code": code, "name": code.title(), "sessions": sessions, "share_percent": 75}
            await made(world.petugas, "/courses", region_code="33.28", **course)
        return world

    async def people(self, count: int) -> list[UUID]:
        """People the registry told of."""
        person_ids = [new_id() for _ in range(count)]
        await self.training.deliver(*(registered(person_id) for person_id in person_ids))
        return person_ids

    async def schedule(self, **other: Any) -> UUID:
        """A class of cookery; `other` changes the command."""
        return await made(self.petugas, "/classes", **self.class_command(**other))

    def class_command(self, **other: Any) -> dict[str, Any]:
        """The command that schedules a class."""
        days: Sequence[date] = other.pop("days", DAYS)
        command = {
            "occurred_on": "2023-10-02",
            "programme_id": str(self.programme_id),
            "course_code": "tata-boga",
            "provider_code": PROVIDER,
            "place_region_code": PLACE,
            "capacity": 30,
            "session_dates": [day.isoformat() for day in days],
        }
        return command | LATE | other

    async def enrol(self, class_id: UUID, person_id: UUID) -> UUID:
        """An enrolment dated before the class."""
        return await made(self.petugas, f"/classes/{class_id}/enrolments", **enrolment(person_id))

    async def sessions(self, class_id: UUID) -> list[UUID]:
        """Ids of the sessions by number."""
        shown = (await self.petugas.get(f"/classes/{class_id}")).json()
        return [UUID(each["id"]) for each in shown["sessions"]]

    async def report(self, class_id: UUID, session_id: UUID, lines: Mapping[UUID, str]) -> UUID:
        """A sheet recorded by the petugas."""
        entries = [{"enrolment_id": str(key), "attendance": word} for key, word in lines.items()]
        body = {"occurred_on": AFTERWARDS, "class_id": str(class_id), "session_id": str(session_id)}
        return await made(self.petugas, "/sheets", entries=entries, **body, **LATE)

    async def verify(self, sheet_id: UUID, version: int = 1) -> UUID:
        """The sheet verified by the verifikator."""
        return await made(self.verifikator, f"/sheets/{sheet_id}/verify", **checked(version))

    async def attend(self, class_id: UUID, attendance: Sequence[Mapping[UUID, str]]) -> list[UUID]:
        """Report and verify every session, in the order of their numbers; the sheets' ids."""
        sheets = []
        for session_id, lines in zip(await self.sessions(class_id), attendance, strict=True):
            sheets.append(await self.report(class_id, session_id, lines))
            await self.verify(sheets[-1])
        return sheets


def enrolment(person_id: UUID) -> dict[str, Any]:
    """The command that enrols a person."""
    return {"occurred_on": "2023-10-10", "person_id": str(person_id)} | LATE


def checked(version: int = 1, **more: Any) -> dict[str, Any]:
    """The command of a checker."""
    return {"occurred_on": AFTERWARDS, "version": version} | LATE | more


async def made(officer: OfficerClient, path: str, **body: Any) -> UUID:
    """POST and expect success; the id of what was made."""
    response = await officer.post(path, json=body)
    assert response.status_code in (200, 201), response.text
    return UUID(response.json()["id"])


async def refused(officer: OfficerClient, path: str, **body: Any) -> tuple[int, str]:
    """POST and expect a problem; its status and code."""
    response = await officer.post(path, json=body)
    return response.status_code, response.json()["type"].removeprefix("urn:sinergi:problem:")


def everybody(*enrolment_ids: UUID, word: str = "present") -> dict[UUID, str]:
    """The same line for each."""
    return dict.fromkeys(enrolment_ids, word)


async def enrolled(world: World, count: int) -> tuple[UUID, list[UUID]]:
    """A class with so many enrolments."""
    class_id = await world.schedule()
    return class_id, [await world.enrol(class_id, person_id) for person_id in await world.people(count)]


async def sheet_of(world: World, session_id: UUID) -> dict[str, str]:
    """The newest sheet of a session."""
    items = (await world.verifikator.get("/sheets", params={"limit": 200})).json()["items"]
    found: dict[str, str] = [item for item in items if item["session_id"] == str(session_id)][-1]
    return found
