"""Synthetic people, lists and acts. NIKs use the kecamatan code 332899, which does not exist: nobody has them."""

import csv
import io
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import xlsxwriter

from chassis.auth import Role
from chassis.ids import new_id
from contracts.followup import GraduationProposedV1, GraduationWithdrawnV1, WithdrawalReason
from tests.support.service import OfficerClient, ServiceUnderTest

LIST_DATED_ON = date(2023, 9, 1)
PARAMETERS = {
    "filename": "p3ke.csv",
    "list_source": "p3ke",
    "list_version": "2022-tahap-2",
    "list_dated_on": "2023-09-01",
}
DATED = {"occurred_on": "2023-10-02", "late_entry_reason": "historical_data"}
HEADER = (
    "nik", "no_kk", "nama", "tanggal_lahir", "jenis_kelamin", "status_kawin", "alamat", "kode_desa", "no_hp",
    "surel", "desil", "pkh", "sembako",
)  # fmt: skip


def nik(serial: int, born_on: date = date(1990, 1, 31), female: bool = True) -> str:
    """A NIK of nobody."""
    return f"332899{born_on.day + (40 if female else 0):02d}{born_on:%m%y}{serial:04d}"


def family_card(serial: int) -> str:
    """A No. KK of nobody."""
    return f"332899010120{serial:04d}"


def cells(serial: int = 1, **changes: str) -> dict[str, str]:
    """A row that nothing is wrong with; `changes` make something wrong."""
    good = {
        "nik": nik(serial),
        "no_kk": family_card(serial),
        "nama": f"Warga Sintetis {serial}",
        "tanggal_lahir": "1990-01-31",
        "jenis_kelamin": "P",
        "status_kawin": "Kawin",
        "alamat": f"RT {serial % 10} RW 1",
        "kode_desa": "33.28.04.2001",
        "no_hp": f"0812000{serial:05d}",
        "surel": "",
        "desil": "1",
        "pkh": "ya",
        "sembako": "tidak",
    }
    return good | changes


def csv_list(*rows: dict[str, str], delimiter: str = ";") -> bytes:
    """A CSV list as a spreadsheet saves it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def xlsx_list(*rows: dict[str, Any]) -> bytes:
    """The same as a workbook; values keep their Python type, as cells do."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for number, row in enumerate(rows, start=1):
            for at, column in enumerate(HEADER):
                sheet.write(number, at, row[column])
    return out.getvalue()


async def upload(officer: OfficerClient, content: bytes, **parameters: str) -> httpx.Response:
    """Upload a list."""
    return await officer.post("/imports", content=content, params=PARAMETERS | parameters)


async def registered(registry: ServiceUnderTest, *rows: dict[str, str]) -> list[UUID]:
    """Ids of the people of a list that was uploaded, approved and applied, in the order of the rows."""
    petugas, verifikator = registry.as_(Role.PETUGAS), registry.as_(Role.VERIFIKATOR)
    response = await upload(petugas, csv_list(*rows))
    assert response.status_code == 201, response.text
    import_id = response.json()["id"]
    response = await verifikator.post(f"/imports/{import_id}/approve", json={"version": 1} | DATED)
    assert response.status_code == 200, response.text
    await registry.run_jobs()
    body = {"purpose": "enrolment", "niks": [row["nik"] for row in rows]}
    items = (await petugas.post("/people/resolve", json=body)).json()["items"]
    return [UUID(item["person_id"]) for item in items]


async def family_of(registry: ServiceUnderTest, person_id: UUID) -> UUID:
    """The family of a person."""
    row = await registry.fetch_one("SELECT family_id FROM identity WHERE person_id = :id", id=person_id)
    assert row is not None
    family_id: UUID = row.family_id
    return family_id


def graduation_proposed(person_id: UUID, family_id: UUID, graduation_id: UUID | None = None) -> GraduationProposedV1:
    """Follow-up asks to end the assistance of a family."""
    return GraduationProposedV1(
        graduation_id=graduation_id or new_id(),
        visits_count=6,
        region_code="33.28.04.2001",
        answer_due_on=date(2024, 7, 31),
        **_plan(person_id, family_id),
    )


def graduation_withdrawn(proposed: GraduationProposedV1) -> GraduationWithdrawnV1:
    """Follow-up takes the proposal back."""
    kept = proposed.model_dump(include=set(GraduationWithdrawnV1.model_fields))
    return GraduationWithdrawnV1(reason=WithdrawalReason.HOUSEHOLD_SHOCK, **kept)


def _plan(person_id: UUID, family_id: UUID) -> dict[str, Any]:
    ids = {"plan_id": new_id(), "grant_id": new_id(), "programme_id": new_id()}
    return ids | {
        "person_id": person_id,
        "family_id": family_id,
        "occurred_on": date(2024, 6, 30),
        "agency": "dinsos",
    }
