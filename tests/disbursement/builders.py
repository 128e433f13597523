"""Facts and commands for the tests of disbursement."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from chassis.ids import new_id
from contracts.inbound import AssistanceGivenV1
from contracts.registry import (
    ListSource,
    PersonCorrectedV1,
    PersonField,
    PersonRegisteredV1,
    PersonStatus,
    PopulationMatch,
)

VILLAGE = "33.28.04.2018"
PRICE_RUPIAH = 5_000_000
DECREE_ON = "2023-11-17"
HANDED_ON = "2023-11-22"
SIGNING = {
    "first_party_name": "Pejabat Contoh",
    "first_party_position": "Kepala Dinas Sosial",
    "witness_name": "Saksi Contoh",
    "witness_position": "Kepala Desa",
}


def on(day: str, **more: Any) -> dict[str, Any]:
    """An act of 2023, entered as historical data."""
    return {"occurred_on": day, "late_entry_reason": "historical_data", **more}


def programme(**changed: Any) -> dict[str, Any]:
    """A programme with one package of two items for cookery and one for sewing."""
    items = [
        {"item_code": "kompor", "name": "Kompor gas", "quantity": 1, "unit_price_rupiah": 2_000_000},
        {"item_code": "panci", "name": "Panci", "quantity": 3, "unit_price_rupiah": 1_000_000},
    ]
    cookery = {"code": "paket-tata-boga", "name": "Paket tata boga", "course_code": "tata-boga", "planned_count": 10}
    sewing_items = [{"item_code": "mesin-jahit", "name": "Mesin jahit", "quantity": 1, "unit_price_rupiah": 4_000_000}]
    sewing = {"code": "paket-menjahit", "name": "Paket menjahit", "course_code": "menjahit", "planned_count": 10}
    body = on(
        "2023-09-01",
        code="tegal-uep-2023",
        region_code="33.28",
        fiscal_year=2023,
        program={"code": "1.06.05", "name": "Program perlindungan dan jaminan sosial"},
        activity={"code": "1.06.05.2.02", "name": "Pengelolaan data fakir miskin"},
        sub_activity={"code": "1.06.05.2.02.03", "name": "Fasilitasi Bantuan Pengembangan Ekonomi Masyarakat"},
        budget_rupiah=100 * PRICE_RUPIAH,
        highest_decile=4,
        packages=[
            {**cookery, "unit_price_rupiah": PRICE_RUPIAH, "items": items},
            {**sewing, "unit_price_rupiah": 4_000_000, "items": sewing_items},
        ],
    )
    return body | changed


def _attributes(person_id: UUID, **changed: Any) -> dict[str, Any]:
    return {
        "occurred_on": date(2023, 9, 10),
        "agency": "dinsos",
        "person_id": person_id,
        "family_id": person_id,
        "region_code": VILLAGE,
        "decile": 2,
        "list_source": ListSource.P3KE,
        "list_version": "2022-tahap-2",
        "list_dated_on": date(2022, 12, 1),
        "population_match": PopulationMatch.MATCHED,
        "status": PersonStatus.ACTIVE,
        **changed,
    }


def registered(person_id: UUID, **changed: Any) -> PersonRegisteredV1:
    """The registry tells of a person, alone in a family unless told otherwise."""
    return PersonRegisteredV1(**_attributes(person_id, **changed), import_id=new_id())


def corrected(person_id: UUID, **changed: Any) -> PersonCorrectedV1:
    """The registry corrects a person's attributes."""
    fields = (PersonField.STATUS,)
    return PersonCorrectedV1(**_attributes(person_id, **changed), correction_id=new_id(), changed_fields=fields)


def assistance(person_id: UUID, year: int = 2023, agency: str = "dinas-koperasi") -> AssistanceGivenV1:
    """Another agency tells of aid it gave."""
    return AssistanceGivenV1(
        occurred_on=date(year, 10, 1),
        agency=agency,
        assistance_id=new_id(),
        person_id=person_id,
        region_code=VILLAGE,
        package_code="modal-usaha",
        amount_rupiah=2_000_000,
    )


def ok(response: httpx.Response) -> Any:
    """The body of a successful answer; otherwise the test fails with the problem."""
    assert response.is_success, f"{response.status_code} {response.text}"
    return response.json()


def refused(response: httpx.Response, status: int, code: str) -> Any:
    """The problem of a refusal, which must be this one."""
    assert response.status_code == status, response.text
    problem = response.json()
    assert problem["type"] == f"urn:sinergi:problem:{code}", problem
    return problem


def people(count: int) -> Sequence[UUID]:
    """Ids of new people."""
    return [new_id() for _ in range(count)]
