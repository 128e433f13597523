"""Templates: seeded, versioned, never changed, checked when saved."""

import pytest
from sqlalchemy.exc import IntegrityError

from chassis.auth import Role
from services.notifications.domain.template import TemplateCode
from tests.notifications.builders import enrolled
from tests.notifications.conftest import World

GOOD = {
    "sms_text": "Bpk/Ibu {nama}: pelatihan {pelatihan}, {tanggal}, {tempat}.",
    "mail_subject": "Undangan",
    "mail_text": "Yth. {nama}, pelatihan {pelatihan}, {tanggal}, {tempat}.",
    "list_text": "Pelatihan {pelatihan}, {tanggal}, {tempat}.",
}
ADDRESS = "/templates/training-invitation/versions"


async def test_every_first_version_passes_its_own_check(world: World) -> None:
    from services.notifications.store import templates as template_store

    async with world.service.service.database.transaction() as tx:
        assert await template_store.latest_versions(tx) == dict.fromkeys(TemplateCode, 1)
        for code in TemplateCode:
            version = await template_store.load_version(tx, code, 1)
            version.check()
            assert version.listable is (code is not TemplateCode.HANDOVER_RECEIPT)


async def test_a_new_version_counts_for_messages_queued_afterwards(world: World) -> None:
    administrator = world.service.as_(Role.ADMINISTRATOR, agency="*", region="")
    person = world.people.add("+6281234012345")
    await world.service.deliver(enrolled(person))
    assert (await administrator.post(ADDRESS, json=GOOD)).status_code == 201
    await world.service.deliver(enrolled(person))
    rows = await world.service.fetch_all("SELECT template_version FROM message ORDER BY cause_id")
    assert [row.template_version for row in rows] == [1, 2]
    shown = (await administrator.get(f"{ADDRESS}/2")).json()
    assert shown["sample_sms"].startswith("Bpk/Ibu Siti Contoh Penerima: pelatihan Ternak Kambing, 30 dan 31 Oktober")
    assert (shown["sample_encoding"], shown["sample_segments"]) == ("gsm7", 1)
    listed = (await administrator.get("/templates")).json()
    assert {one["code"]: one["latest_version"] for one in listed}["training-invitation"] == 2


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"sms_text": GOOD["sms_text"] + " {nik}"}, "unknown-placeholder"),
        ({"sms_text": "Yth. {nama}, datanglah."}, "missing-placeholder"),
        ({"mail_text": GOOD["mail_text"] + " {"}, "stray-brace"),
        ({"list_text": GOOD["list_text"] + " {nama}"}, "unknown-placeholder"),
        ({"sms_text": GOOD["sms_text"] + " x" * 250}, "text-too-long"),
        ({"sms_text": GOOD["sms_text"] + " \u200b"}, "control-character"),
    ],
)
async def test_what_could_not_be_rendered_is_refused_when_saved(
    world: World, change: dict[str, str], refusal: str
) -> None:
    administrator = world.service.as_(Role.ADMINISTRATOR)
    answer = await administrator.post(ADDRESS, json=GOOD | change)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:sinergi:problem:{refusal}")


async def test_the_database_refuses_to_change_a_version(world: World) -> None:
    with pytest.raises(IntegrityError):
        await world.service.fetch_all("UPDATE template_version SET sms_text = 'x' RETURNING id")


async def test_a_term_names_a_code_from_now_on(world: World) -> None:
    administrator = world.service.as_(Role.ADMINISTRATOR)
    term = {"kind": "course", "code": "tata-boga", "label": "Memasak"}
    await world.service.deliver(enrolled(world.people.add(None)))
    assert (await administrator.post("/terms", json=term)).status_code == 201
    await world.service.deliver(enrolled(world.people.add(None)))
    rows = await world.service.fetch_all("SELECT facts ->> 'pelatihan' AS course FROM message ORDER BY cause_id")
    assert [row.course for row in rows] == ["Tata Boga", "Memasak"]
    pages = [(await administrator.get("/terms?limit=5")).json()]
    while pages[-1]["next"]:
        pages.append((await administrator.get("/terms", params={"limit": 5, "after": pages[-1]["next"]})).json())
    assert {len(page["items"]) for page in pages[:-1]} == {5}
    labels = [(one["label"], one["version"]) for page in pages for one in page["items"] if one["code"] == "tata-boga"]
    assert labels == [("Memasak", 2)]
    (codes,) = await world.service.fetch_all("SELECT count(DISTINCT (kind, code)) AS total FROM term")
    assert sum(len(page["items"]) for page in pages) == codes.total
