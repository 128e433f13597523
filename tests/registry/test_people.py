"""Finding people: within scope, with a purpose, and with a trail."""

from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.ids import new_id
from services.registry.store import people
from tests.registry.builders import cells, nik, registered
from tests.support.service import ServiceUnderTest


async def trail(registry: ServiceUnderTest, purpose: str) -> list[tuple[str, list[UUID]]]:
    rows = await registry.fetch_all(
        "SELECT actor, person_ids FROM access_record WHERE purpose = :purpose ORDER BY recorded_at", purpose=purpose
    )
    return [(row.actor.split("#")[1], row.person_ids) for row in rows]


async def test_niks_are_resolved_across_agencies_in_the_order_asked(registry: ServiceUnderTest) -> None:
    first, second = await registered(registry, cells(1), cells(2))
    koperasi = registry.as_(Role.PETUGAS, agency="dinas-koperasi", subject="kop")
    body = {"purpose": "data_exchange", "niks": [nik(2), nik(99), nik(1)]}
    response = await koperasi.post("/people/resolve", json=body)
    assert [item["person_id"] for item in response.json()["items"]] == [str(second), None, str(first)]
    assert [item["position"] for item in response.json()["items"]] == [0, 1, 2]
    assert "332899" not in response.text
    assert await trail(registry, "data_exchange") == [("kop", sorted([first, second]))]


async def test_the_region_binds_also_across_agencies(registry: ServiceUnderTest) -> None:
    await registered(registry, cells(1))
    elsewhere = registry.as_(Role.PETUGAS, agency="dinas-koperasi", region="33.29")
    response = await elsewhere.post("/people/resolve", json={"purpose": "data_exchange", "niks": [nik(1)]})
    assert response.json()["items"][0]["person_id"] is None


async def test_a_service_looks_up_contacts_and_leaves_a_trail(registry: ServiceUnderTest) -> None:
    first, second = await registered(registry, cells(1), cells(2, no_hp="", surel="siti@example.org"))
    unknown = new_id()
    service = registry.as_(Role.SERVICE, agency="*", region="", subject="service:notifications")
    body = {"purpose": "invitation", "person_ids": [str(first), str(second), str(unknown)]}
    answer = (await service.post("/contacts/lookup", json=body)).json()
    found = {item["person_id"]: item for item in answer["items"]}
    assert found[str(first)]["name"] == "Warga Sintetis 1"
    assert (found[str(first)]["phone"], found[str(first)]["email"]) == ("+6281200000001", None)
    assert found[str(first)]["address"] == "RT 1 RW 1"
    assert found[str(first)]["region_code"] == "33.28.04.2001"
    assert (found[str(second)]["phone"], found[str(second)]["email"]) == (None, "siti@example.org")
    assert answer["missing"] == [str(unknown)]
    assert await trail(registry, "invitation") == [("service:notifications", sorted([first, second]))]


async def test_officers_look_up_contacts_of_their_own_agency_only(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    body = {"purpose": "mentoring", "person_ids": [str(person_id)]}
    mentor = await registry.as_(Role.PENDAMPING).post("/contacts/lookup", json=body)
    other = await registry.as_(Role.PENDAMPING, agency="dinas-koperasi").post("/contacts/lookup", json=body)
    assert len(mentor.json()["items"]) == 1
    assert (other.json()["items"], other.json()["missing"]) == ([], [str(person_id)])


async def test_a_purpose_and_a_batch_limit_are_demanded(registry: ServiceUnderTest) -> None:
    service = registry.as_(Role.SERVICE, agency="*", region="")
    ids = [str(new_id()) for _ in range(501)]
    for body in ({"person_ids": ids[:1]}, {"purpose": "curiosity", "person_ids": ids[:1]},
                 {"purpose": "invitation", "person_ids": ids}):  # fmt: skip
        assert (await service.post("/contacts/lookup", json=body)).status_code == 422


async def test_pages_of_people_mask_names_for_those_without_need(registry: ServiceUnderTest) -> None:
    ids = await registered(registry, *(cells(serial) for serial in range(1, 6)))
    petugas, penetap = registry.as_(Role.PETUGAS), registry.as_(Role.PENETAP)
    first = (await petugas.get("/people?limit=3")).json()
    second = (await petugas.get(f"/people?limit=3&after={first['next']}")).json()
    shown = [item["person_id"] for item in first["items"] + second["items"]]
    assert sorted(shown) == sorted(map(str, ids))
    assert second["next"] is None
    assert first["items"][0]["name"].startswith("Warga Sintetis")
    masked = (await penetap.get("/people")).json()["items"]
    assert {item["name"] for item in masked} == {f"W*** S*** {serial}***" for serial in range(1, 6)}


async def test_other_agencies_and_regions_see_nobody(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1))
    for stranger in (registry.as_(Role.PETUGAS, agency="dinas-pmd"), registry.as_(Role.PETUGAS, region="33.28.05")):
        assert (await stranger.get("/people")).json()["items"] == []
        assert (await stranger.get(f"/people/{person_id}")).status_code == 404


async def test_search_by_name_takes_a_body_and_leaves_a_trail(registry: ServiceUnderTest) -> None:
    (person_id, _) = await registered(registry, cells(1, nama="Siti Aminah"), cells(2))
    petugas = registry.as_(Role.PETUGAS)
    body = {"purpose": "data_correction", "name": "aminah", "region": "33.28.04"}
    found = (await petugas.post("/people/search", json=body)).json()["items"]
    assert [item["person_id"] for item in found] == [str(person_id)]
    wildcard = (await petugas.post("/people/search", json=body | {"name": "%%%"})).json()["items"]
    assert wildcard == []
    assert (await trail(registry, "data_correction"))[0] == ("petugas", [person_id])


async def test_a_search_looks_at_so_many_people_for_a_page(
    registry: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "SEARCHED_PEOPLE", 2)
    ids = await registered(
        registry, *(cells(n, nama="Siti Aminah" if n in (1, 5) else "Warga Lain") for n in range(1, 6))
    )
    petugas, pages = registry.as_(Role.PETUGAS), []
    body = {"purpose": "data_correction", "name": "aminah"}
    while True:
        page = (await petugas.post("/people/search", json=body)).json()
        pages.append([item["person_id"] for item in page["items"]])
        if page["next"] is None:
            break
        body["after"] = page["next"]
    assert [each for page in pages for each in page] == sorted(map(str, (ids[0], ids[4])))
    assert [] in pages, "a page that found nobody among its two names the next"


async def test_the_page_of_a_person(registry: ServiceUnderTest) -> None:
    (person_id,) = await registered(registry, cells(1, surel="siti@example.org"))
    clear = (await registry.as_(Role.PETUGAS).get(f"/people/{person_id}?purpose=handover")).json()
    assert (clear["name"], clear["nik"], clear["phone"]) == ("Warga Sintetis 1", "*" * 12 + "0001", "+6281200000001")
    assert clear["email"] == "siti@example.org"
    assert clear["memberships"] == [{"scheme": "pkh", "state": "active", "since": None, "ended_on": None}]
    masked = (await registry.as_(Role.AUDITOR).get(f"/people/{person_id}")).json()
    assert (masked["name"], masked["birth_date"], masked["address"], masked["phone"], masked["email"]) == (
        "W*** S*** 1***", None, None, None, None,
    )  # fmt: skip
    assert await trail(registry, "handover") == [("petugas", [person_id])]


async def test_regions_are_those_of_the_five_kecamatan(registry: ServiceUnderTest) -> None:
    kepala_desa = registry.as_(Role.KEPALA_DESA, region="33.28.04.2001")
    everything = (await kepala_desa.get("/regions?limit=200")).json()["items"]
    levels = [item["level"] for item in everything]
    assert [levels.count(level) for level in ("province", "kabupaten", "kecamatan", "village")] == [1, 1, 5, 87]
    below = (await kepala_desa.get("/regions?within=33.28.04")).json()["items"]
    assert below[0]["level"] == "kecamatan"
    assert all(item["code"].startswith("33.28.04") for item in below)


@pytest.mark.parametrize(("within", "count"), [("", 94), ("33.28.04", 21), ("33.28.04.2001", 1), ("33.2", 0)])
async def test_regions_are_read_page_by_page(registry: ServiceUnderTest, within: str, count: int) -> None:
    petugas = registry.as_(Role.PETUGAS)
    codes: list[str] = []
    asked = {"within": within, "limit": "10"}
    while True:
        page = (await petugas.get("/regions", params=asked)).json()
        assert len(page["items"]) <= 10
        codes += [item["code"] for item in page["items"]]
        if page["next"] is None:
            break
        assert page["next"] == codes[-1]
        asked["after"] = page["next"]
    assert len(codes) == count
    assert codes == sorted(set(codes))
    assert len((await petugas.get("/regions")).json()["items"]) == 50
    assert (await petugas.get("/regions", params={"after": "anywhere"})).status_code == 422
