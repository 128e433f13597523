"""Corrections: proposed with evidence, approved by another officer, told by field name only."""

from typing import Any
from uuid import UUID

import pytest

from chassis.auth import Role
from contracts.registry import PersonCorrectedV1
from tests.registry.builders import DATED, cells, family_card, family_of, nik, registered
from tests.support.service import ServiceUnderTest

LIST = {"list_source": "dtsen", "list_version": "2025-3", "list_dated_on": "2025-07-01"}


def proposal(field: str, new_value: str, **more: Any) -> dict[str, Any]:
    told = {"field": field, "new_value": new_value, "reason": "document_shown", "evidence_reference": "SKL/2023/0001"}
    return told | DATED | more


async def propose(registry: ServiceUnderTest, person_id: UUID, field: str, new_value: str, **more: Any) -> str:
    response = await registry.as_(Role.PETUGAS).post(
        f"/people/{person_id}/corrections", json=proposal(field, new_value, **more)
    )
    assert response.status_code == 201, response.text
    correction_id: str = response.json()["id"]
    return correction_id


async def correct(registry: ServiceUnderTest, person_id: UUID, field: str, new_value: str, **more: Any) -> None:
    correction_id = await propose(registry, person_id, field, new_value, **more)
    verifikator = registry.as_(Role.VERIFIKATOR)
    response = await verifikator.post(f"/corrections/{correction_id}/approve", json={"version": 1})
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("field", "new_value", "more", "shown"),
    [
        ("name", "Siti Aminah", {}, {"name": "Siti Aminah"}),
        ("phone", "0812 9999 0000", {}, {"phone": "+6281299990000"}),
        ("phone", "", {}, {"phone": None}),
        ("address", "RT 9 RW 9", {}, {"address": "RT 9 RW 9"}),
        ("birth_date", "01-02-1991", {}, {"birth_date": "1991-02-01"}),
        ("nik", nik(77), {}, {"nik": "*" * 12 + "0077"}),
        ("region", "3328042002", {}, {"region_code": "33.28.04.2002"}),
        ("decile", "4", LIST, {"decile": 4} | LIST),
        ("status", "deceased", {}, {"status": "deceased"}),
        ("status", "moved_away", {}, {"status": "moved_away"}),
    ],
)
async def test_an_approved_correction_changes_one_field_and_is_told(
    registry: ServiceUnderTest, field: str, new_value: str, more: dict[str, str], shown: dict[str, object]
) -> None:
    (person_id,) = await registered(registry, cells(1))
    await correct(registry, person_id, field, new_value, **more)
    view = (await registry.as_(Role.PETUGAS).get(f"/people/{person_id}")).json()
    assert {name: view[name] for name in shown} == shown
    (told,) = await registry.published(PersonCorrectedV1)
    assert [changed.value for changed in told.data.changed_fields] == [field]
    assert (told.sequence, told.key) == (2, str(person_id))
    for name in ("region_code", "decile", "status", "list_version"):
        assert str(getattr(told.data, name)) == str(view[name])


async def test_nothing_changes_before_approval(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    await propose(registry, person_id, "decile", "9", **LIST)
    assert (await registry.as_(Role.PETUGAS).get(f"/people/{person_id}")).json()["decile"] == 1
    assert await registry.published(PersonCorrectedV1) == []


async def test_an_e_mail_address_is_not_offered_for_correction_and_outlives_those_of_others(
    registry: ServiceUnderTest,
) -> None:
    (person_id,) = await registered(registry, cells(1, surel="siti@example.org"))
    petugas = registry.as_(Role.PETUGAS)
    refused = await petugas.post(f"/people/{person_id}/corrections", json=proposal("email", "tono@example.org"))
    assert refused.status_code == 422
    await correct(registry, person_id, "phone", "")
    view = (await petugas.get(f"/people/{person_id}")).json()
    assert (view["phone"], view["email"]) == (None, "siti@example.org")


async def test_another_family_card_moves_the_person_to_that_family(registry: ServiceUnderTest) -> None:
    first, second = await registered(registry, cells(1), cells(2))
    await correct(registry, first, "family_card", family_card(2), reason="moved")
    assert await family_of(registry, first) == await family_of(registry, second)
    (told,) = await registry.published(PersonCorrectedV1)
    assert told.data.family_id == await family_of(registry, second)


async def test_a_corrected_nik_is_found_and_the_old_one_is_free(registry: ServiceUnderTest) -> None:
    first, second = await registered(registry, cells(1), cells(2))
    petugas = registry.as_(Role.PETUGAS)
    taken = await petugas.post(f"/people/{first}/corrections", json=proposal("nik", nik(2)))
    assert (taken.status_code, taken.json()["facts"]) == (409, {"person_id": str(second)})
    await correct(registry, first, "nik", nik(50))
    body = {"purpose": "data_correction", "niks": [nik(1), nik(50)]}
    found = (await petugas.post("/people/resolve", json=body)).json()["items"]
    assert [item["person_id"] for item in found] == [None, str(first)]


async def test_one_open_correction_per_person_and_field(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    petugas = registry.as_(Role.PETUGAS)
    open_id = await propose(registry, person_id, "name", "Siti Aminah")
    await propose(registry, person_id, "address", "RT 9")
    second = await petugas.post(f"/people/{person_id}/corrections", json=proposal("name", "Siti Amina"))
    assert (second.status_code, second.json()["facts"]["correction_id"]) == (409, open_id)
    assert (await petugas.post(f"/corrections/{open_id}/withdraw")).status_code == 200
    await propose(registry, person_id, "name", "Siti Amina")


async def test_the_checker_is_another_and_names_the_version(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    correction_id = await propose(registry, person_id, "name", "Siti Aminah")
    same = registry.as_(Role.VERIFIKATOR, subject="petugas")
    other = registry.as_(Role.VERIFIKATOR)
    path = f"/corrections/{correction_id}/approve"
    assert (await same.post(path, json={"version": 1})).json()["type"].endswith(":same-person")
    assert (await other.post(path, json={"version": 2})).json()["type"].endswith(":stale-version")
    reject = {"version": 1, "reason": "evidence_differs"}
    assert (await other.post(f"/corrections/{correction_id}/reject", json=reject)).status_code == 200
    assert (await other.post(path, json={"version": 2})).json()["type"].endswith(":correction-not-open")


async def test_history_keeps_old_and_new_and_masks_them_for_auditors(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    await correct(registry, person_id, "name", "Siti Aminah")
    await correct(registry, person_id, "decile", "3", **LIST)
    clear = (await registry.as_(Role.VERIFIKATOR).get("/corrections")).json()["items"]
    assert [(item["old_value"], item["new_value"]) for item in clear] == [
        ("Warga Sintetis 1", "Siti Aminah"),
        ("1", "3"),
    ]
    masked = (await registry.as_(Role.AUDITOR).get(f"/people/{person_id}")).json()["corrections"]
    assert [(item["old_value"], item["state"]) for item in masked] == [("***", "approved"), ("1", "approved")]


@pytest.mark.parametrize(
    ("field", "new_value", "more", "problem"),
    [
        ("name", "Warga Sintetis 1", {}, "nothing-to-correct"),
        ("nik", "123", {}, "value-invalid"),
        ("decile", "3", {}, "decile-source-needed"),
        ("region", "33.28.04.9999", {}, "village-unknown"),
        ("name", "A", {"occurred_on": "2999-01-01"}, "date-in-future"),
        ("name", "A", {"late_entry_reason": None}, "late-entry-needs-reason"),
        ("name", "A", {"evidence_reference": "nik 3328997101900001"}, "invalid-request"),
    ],
)
async def test_proposals_that_are_refused(
    registry: ServiceUnderTest, field: str, new_value: str, more: dict[str, Any], problem: str
) -> None:
    (person_id,) = await registered(registry, cells(1))
    response = await registry.as_(Role.PETUGAS).post(
        f"/people/{person_id}/corrections", json=proposal(field, new_value, **more)
    )
    assert response.json()["type"] == f"urn:sinergi:problem:{problem}"
    assert "332899" not in response.text


async def test_a_move_out_of_the_officers_region_needs_a_wider_one(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    kecamatan = registry.as_(Role.PETUGAS, region="33.28.04")
    body = proposal("region", "33.28.02.2001", reason="moved")
    refused = await kecamatan.post(f"/people/{person_id}/corrections", json=body)
    assert refused.status_code == 403
    await correct(registry, person_id, "region", "33.28.02.2001")
