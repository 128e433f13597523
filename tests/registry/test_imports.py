"""From an uploaded list to registered people, by two officers."""

import asyncio
from datetime import date
from uuid import UUID

import pytest

from chassis.auth import Role
from contracts.registry import ListImportedV1, PersonRegisteredV1
from tests.registry.builders import (
    DATED,
    cells,
    csv_list,
    family_card,
    nik,
    registered,
    upload,
    xlsx_list,
)
from tests.support.service import ServiceFactory, ServiceUnderTest

TWELVE = (
    cells(101, nik=""),
    cells(102, nik="12345"),
    cells(103, nik="3328993502900103"),
    cells(104, nik=nik(1)),
    cells(105, nik=nik(900)),
    cells(106, no_kk="12"),
    cells(107, nama=""),
    cells(108, tanggal_lahir="tidak tahu"),
    cells(109, nik=nik(109, date(2010, 1, 31)), tanggal_lahir="2010-01-31", status_kawin="Belum kawin"),
    cells(110, kode_desa="99.99.99.9999"),
    cells(111, desil=""),
    cells(112, desil="11"),
)
TWELVE_CODES = [
    "nik_missing", "nik_not_16_digits", "nik_birth_part_impossible", "nik_twice_in_list", "nik_in_other_family",
    "family_card_not_16_digits", "name_empty", "birth_date_invalid", "not_adult", "village_unknown",
    "decile_missing", "decile_out_of_range",
]  # fmt: skip


async def approve(registry: ServiceUnderTest, import_id: UUID | str, version: int = 1, subject: str = "v") -> int:
    verifikator = registry.as_(Role.VERIFIKATOR, subject=subject)
    response = await verifikator.post(f"/imports/{import_id}/approve", json={"version": version} | DATED)
    await registry.run_jobs()
    return response.status_code


async def test_nobody_is_registered_before_a_second_officer_approves(registry: ServiceUnderTest) -> None:
    petugas = registry.as_(Role.PETUGAS)
    import_id = (await upload(petugas, csv_list(cells(1), cells(2)))).json()["id"]
    await registry.run_jobs()
    assert await registry.published() == []
    assert await registry.fetch_all("SELECT 1 FROM person") == []

    assert await approve(registry, import_id) == 200

    told = await registry.published()
    assert [event.type for event in told] == [PersonRegisteredV1.event_type] * 2 + [ListImportedV1.event_type]
    assert {event.case for event in told} == {UUID(import_id)}
    fact = told[0].data
    assert (fact.region_code, fact.decile, fact.list_version) == ("33.28.04.2001", 1, "2022-tahap-2")
    assert (fact.occurred_on, fact.late_entry_reason, fact.agency) == (date(2023, 10, 2), "historical_data", "dinsos")
    assert (told[2].data.rows_count, told[2].data.registered_count) == (2, 2)
    view = (await petugas.get(f"/imports/{import_id}")).json()
    assert (view["state"], view["registered_count"], view["version"]) == ("applied", 2, 3)


async def test_twelve_rows_are_refused_for_twelve_reasons(registry: ServiceUnderTest) -> None:
    await registered(registry, cells(900))
    petugas = registry.as_(Role.PETUGAS)
    content = csv_list(cells(1), *TWELVE)
    import_id = (await upload(petugas, content)).json()["id"]

    view = (await petugas.get(f"/imports/{import_id}")).json()
    assert (view["rows_count"], view["accepted_count"], view["refused_count"]) == (13, 1, 12)
    report = (await petugas.get(f"/imports/{import_id}/report")).json()["items"]
    refusals = [item for item in report if item["severity"] == "refusal"]
    assert [item["code"] for item in refusals] == TWELVE_CODES
    assert [item["row_number"] for item in refusals] == list(range(3, 15))
    assert refusals[0]["reason"] == "NIK tidak diisi"
    assert refusals[0]["advice"].startswith("Isi NIK sesuai KTP-el")
    assert refusals[3]["other_row_number"] == 2

    assert await approve(registry, import_id) == 200
    (told,) = (await registry.published(ListImportedV1))[1:]
    assert (told.data.registered_count, told.data.refused_count) == (1, 12)


async def test_the_report_is_a_spreadsheet_to_download(registry: ServiceUnderTest) -> None:
    petugas = registry.as_(Role.PETUGAS)
    import_id = (await upload(petugas, csv_list(*TWELVE))).json()["id"]
    response = await petugas.get(f"/imports/{import_id}/report.csv")
    assert response.headers["content-type"].startswith("text/csv")
    lines = response.text.removeprefix("\ufeff").splitlines()
    assert lines[0] == "Baris;Kolom;Jenis;Kode;Alasan;Yang harus dilakukan;Baris lain"
    assert lines[1].startswith("2;nik;Ditolak;nik_missing;NIK tidak diisi;")
    assert "332899" not in response.text
    english = await petugas.get(f"/imports/{import_id}/report.csv", headers={"Accept-Language": "en"})
    assert "The NIK is missing" in english.text


async def test_reports_come_in_pages_that_tear_no_row(registry: ServiceUnderTest) -> None:
    petugas = registry.as_(Role.PETUGAS)
    import_id = (await upload(petugas, csv_list(*TWELVE))).json()["id"]
    seen, after = [], 0
    while after is not None:
        page = (await petugas.get(f"/imports/{import_id}/report?after_row={after}&limit=5")).json()
        seen += [item["row_number"] for item in page["items"]]
        after = page["next"]
    assert seen == sorted(seen)
    assert len(set(seen)) == 10  # two of the twelve are refused only beside other rows and people


async def test_the_same_file_again_adds_nothing_and_says_so(registry: ServiceUnderTest) -> None:
    petugas = registry.as_(Role.PETUGAS)
    content = csv_list(cells(1))
    import_id = (await upload(petugas, content)).json()["id"]
    for _ in range(2):
        again = await upload(petugas, content, filename="lain.csv")
        assert again.status_code == 409
        assert again.json()["type"] == "urn:sinergi:problem:already-imported"
        assert again.json()["facts"] == {"import_id": import_id, "registered_count": 0}
        await approve(registry, import_id)
    assert len(await registry.published(PersonRegisteredV1)) == 1


async def test_of_two_uploads_at_once_one_finds_the_other(registry: ServiceUnderTest) -> None:
    officers = (registry.as_(Role.PETUGAS, subject="a"), registry.as_(Role.PETUGAS, subject="b"))
    answers = await asyncio.gather(*(upload(officer, csv_list(cells(1))) for officer in officers))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


@pytest.mark.parametrize(
    "wrong", [{"list_version": "versi 2 (revisi)"}, {"list_source": "excel"}, {"list_dated_on": "2999-01-01"}]
)
async def test_a_list_without_a_proper_source_is_refused(registry: ServiceUnderTest, wrong: dict[str, str]) -> None:
    response = await upload(registry.as_(Role.PETUGAS), csv_list(cells(1)), **wrong)
    assert response.status_code == 422


async def test_another_file_with_the_same_people_registers_nobody_twice(registry: ServiceUnderTest) -> None:
    await registered(registry, cells(1), cells(2))
    petugas = registry.as_(Role.PETUGAS)
    import_id = (await upload(petugas, xlsx_list(cells(1), cells(2), cells(3)), filename="p3ke.xlsx")).json()["id"]
    view = (await petugas.get(f"/imports/{import_id}")).json()
    assert (view["accepted_count"], view["known_count"]) == (1, 2)
    assert await approve(registry, import_id) == 200
    assert len(await registry.published(PersonRegisteredV1)) == 3
    told = (await registry.published(ListImportedV1))[-1].data
    assert (told.registered_count, told.known_count, told.refused_count) == (1, 2, 0)


async def test_members_of_one_family_share_its_id(registry: ServiceUnderTest) -> None:
    await registered(registry, cells(1), cells(2, no_kk=family_card(1)), cells(3))
    families = [event.data.family_id for event in await registry.published(PersonRegisteredV1)]
    assert families[0] == families[1] != families[2]


async def test_maker_and_checker_differ(registry: ServiceUnderTest) -> None:
    both = registry.as_(Role.PETUGAS, Role.VERIFIKATOR, subject="one-person")
    import_id = (await upload(both, csv_list(cells(1)))).json()["id"]
    assert await approve(registry, import_id, subject="one-person") == 409
    assert await approve(registry, import_id, version=7) == 409
    assert await approve(registry, import_id) == 200


async def test_the_database_refuses_one_pair_of_eyes_too(registry: ServiceUnderTest) -> None:
    await upload(registry.as_(Role.PETUGAS), csv_list(cells(1)))
    with pytest.raises(Exception, match="list_import_four_eyes_check"):
        await registry.fetch_all("UPDATE list_import SET checker = maker RETURNING id")


@pytest.mark.parametrize(("role", "act", "body"), [
    (Role.VERIFIKATOR, "reject", {"version": 1, "reason": "wrong_version"}),
    (Role.PETUGAS, "withdraw", None),
])  # fmt: skip
async def test_a_list_given_back_may_come_again(
    registry: ServiceUnderTest, role: Role, act: str, body: dict[str, object] | None
) -> None:
    petugas = registry.as_(Role.PETUGAS)
    content = csv_list(cells(1))
    import_id = (await upload(petugas, content)).json()["id"]
    assert (await registry.as_(role).post(f"/imports/{import_id}/{act}", json=body)).status_code == 200
    assert await approve(registry, import_id, version=2) == 409
    assert (await upload(petugas, content)).status_code == 201


async def test_rows_of_another_region_are_refused_by_scope(registry: ServiceUnderTest) -> None:
    kecamatan = registry.as_(Role.PETUGAS, region="33.28.05")
    import_id = (await upload(kecamatan, csv_list(cells(1)))).json()["id"]
    view = (await kecamatan.get(f"/imports/{import_id}")).json()
    assert view["findings_count"] == {"village_outside_region": 1}
    refused = await registry.as_(Role.VERIFIKATOR, region="33.28.05").post(
        f"/imports/{import_id}/approve", json={"version": 1} | DATED
    )
    assert refused.json()["type"] == "urn:sinergi:problem:nothing-to-apply"


@pytest.mark.parametrize(
    ("content", "settings", "status", "problem", "limit"),
    [
        (b"nama\nA\n", {}, 422, "columns-missing", None),
        (b"\x00\x01", {}, 422, "file-unreadable", None),
        (csv_list(*[cells(1)] * 1235), {"list_limit_rows": 1234}, 422, "too-many-rows", "1.234 baris"),
        (csv_list(cells(1), cells(2)), {"list_limit_bytes": 100}, 413, "too-large", "100 byte"),
    ],
)
async def test_files_that_are_no_list_are_refused_in_words(
    start_service: ServiceFactory,
    content: bytes,
    settings: dict[str, int],
    status: int,
    problem: str,
    limit: str | None,
) -> None:
    registry = await start_service("registry", **settings)
    response = await upload(registry.as_(Role.PETUGAS), content)
    assert (response.status_code, response.json()["type"]) == (status, f"urn:sinergi:problem:{problem}")
    assert (limit or "") in response.json().get("detail", "")


async def test_a_repeated_upload_request_has_one_effect(registry: ServiceUnderTest) -> None:
    petugas = registry.as_(Role.PETUGAS)
    headers = {"Idempotency-Key": "k1"}
    parameters = {"filename": "a.csv", "list_source": "p3ke", "list_version": "2022", "list_dated_on": "2023-09-01"}
    answers = [
        await petugas.post("/imports", content=csv_list(cells(1)), params=parameters, headers=headers) for _ in range(2)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert answers[0].json() == answers[1].json()


async def test_a_checker_sees_the_rows_and_what_became_of_them(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    verifikator, auditor = registry.as_(Role.VERIFIKATOR), registry.as_(Role.AUDITOR)
    import_id = (await verifikator.get("/imports")).json()["items"][0]["id"]
    (row,) = (await verifikator.get(f"/imports/{import_id}/rows")).json()["items"]
    assert (row["outcome"], row["person_id"], row["name"]) == ("registered", str(person_id), "Warga Sintetis 1")
    assert row["nik"] == "*" * 12 + "0001"
    (masked,) = (await auditor.get(f"/imports/{import_id}/rows")).json()["items"]
    assert (masked["name"], masked["birth_date"]) == ("W*** S*** 1***", "")
