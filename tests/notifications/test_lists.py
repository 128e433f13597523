"""Those without a working number: listed, printed, told in person, or reached after all."""

from datetime import UTC, datetime

from chassis.auth import Role
from chassis.ids import new_id
from contracts.notifications import MessageAcknowledgedV1, MessageListedV1
from contracts.registry import PersonField
from tests.notifications.builders import PROGRAMME, VILLAGE, corrected, graduated, handed_over, scheduled
from tests.notifications.conftest import World
from tests.support.service import OfficerClient

SESSION = new_id()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _village_head(world: World, region: str = VILLAGE) -> OfficerClient:
    return world.service.as_(Role.KEPALA_DESA, agency="desa", region=region)


async def _three_listed(world: World) -> tuple[OfficerClient, dict]:  # type: ignore[type-arg]
    people = [
        world.people.add(None, name="Siti Contoh"),
        world.people.add("+6281234099001", name="Budi Contoh"),
        world.people.add("12", name="Wati <Contoh>"),
    ]
    await world.service.deliver(*(scheduled(person, handover_session_id=SESSION) for person in people))
    await world.settle(until="listed")
    head = _village_head(world)
    lists = (await head.get("/lists", params={"state": "open", "programme_id": str(PROGRAMME)})).json()["items"]
    assert len(lists) == 1
    assert lists[0]["open_count"] == 3
    return head, lists[0]


async def test_one_list_per_village_and_session_with_reasons_kept(world: World) -> None:
    head, printed = await _three_listed(world)
    assert (printed["region_code"], printed["group_id"]) == (VILLAGE, str(SESSION))
    detail = (await head.get(f"/lists/{printed['id']}")).json()
    assert detail["region_name"] == "Desa " + detail["region_name"].removeprefix("Desa ")
    assert detail["entries"][0]["text"] == (
        "Undangan penyerahan bantuan Paket Usaha Tata Boga pada Rabu, 22 November 2023"
        " di Pendopo Balapulang. Membawa KTP dan KK."
    )
    rows = await world.service.fetch_all("SELECT reason FROM message ORDER BY reason")
    assert [row.reason for row in rows] == ["dead_number", "no_contact", "no_contact"]
    listed = await world.service.published(MessageListedV1)
    assert {str(one.data.list_id) for one in listed} == {printed["id"]}


async def test_the_page_shows_names_in_indonesian_and_leaves_an_access_record(world: World) -> None:
    head, printed = await _three_listed(world)
    page = await head.get(f"/lists/{printed['id']}/page")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    for text in (
        "Daftar undangan",
        "Siti Contoh",
        "Wati &lt;Contoh&gt;",
        "22 November 2023",
        f"Versi {printed['version']}",
    ):
        assert text in page.text
    access = await world.service.fetch_one(
        "SELECT actor, purpose, cardinality(person_ids) AS people FROM access_record"
    )
    assert access is not None
    assert (access.actor.rsplit("#", 1)[1], access.purpose, access.people) == ("kepala-desa", "invitation", 3)


async def test_without_the_registry_there_is_no_page(world: World) -> None:
    head, printed = await _three_listed(world)
    world.people.down = True
    assert (await head.get(f"/lists/{printed['id']}/page")).status_code == 503


async def test_one_is_told_then_the_rest_of_the_newest_version(world: World) -> None:
    head, printed = await _three_listed(world)
    address = f"/lists/{printed['id']}/acknowledgement"
    first = (await head.get(f"/lists/{printed['id']}")).json()["entries"][0]["message_id"]
    told = {"occurred_on": _today()}
    assert (await head.post(f"/messages/{first}/acknowledgement", json=told)).status_code == 201
    stale = await head.post(address, json={**told, "version": printed["version"]})
    assert (stale.status_code, stale.json()["type"]) == (409, "urn:sinergi:problem:stale-version")
    version = (await head.get(f"/lists/{printed['id']}")).json()["version"]
    named_again = await head.post(address, json={**told, "version": version, "message_ids": [first]})
    assert named_again.status_code == 422
    assert (await head.post(address, json={**told, "version": version})).status_code == 201
    done = (await head.get(f"/lists/{printed['id']}")).json()
    assert (done["state"], done["open_count"], done["acknowledged_count"]) == ("acknowledged", 0, 3)
    assert await world.states() == ["acknowledged"] * 3
    assert len(await world.service.published(MessageAcknowledgedV1)) == 3
    again = await head.post(f"/messages/{first}/acknowledgement", json=told)
    assert (again.status_code, again.json()["type"]) == (409, "urn:sinergi:problem:not-listed")


async def test_a_full_list_is_followed_by_a_further_one(world: World) -> None:
    head, printed = await _three_listed(world)
    await world.service.execute("UPDATE printed_list SET entries_count = 199 WHERE id = :id", id=printed["id"])
    people = [world.people.add(None) for _ in range(3)]
    await world.service.deliver(*(scheduled(person, handover_session_id=SESSION) for person in people))
    await world.settle(until="listed")
    lists = (await head.get("/lists", params={"state": "open"})).json()["items"]
    assert {one["id"]: one["open_count"] for one in lists if one["id"] == printed["id"]} == {printed["id"]: 4}
    assert [one["open_count"] for one in lists if one["id"] != printed["id"]] == [2]
    assert {one["group_id"] for one in lists} == {str(SESSION)}
    for one in lists:
        body = {"occurred_on": _today(), "version": one["version"]}
        assert (await head.post(f"/lists/{one['id']}/acknowledgement", json=body)).status_code == 201
    assert await world.states() == ["acknowledged"] * 6


async def test_another_village_sees_and_acknowledges_nothing(world: World) -> None:
    _, printed = await _three_listed(world)
    other = _village_head(world, region="33.28.03.2002")
    assert (await other.get("/lists")).json()["items"] == []
    assert (await other.get(f"/lists/{printed['id']}")).status_code == 404
    body = {"occurred_on": _today(), "version": printed["version"]}
    assert (await other.post(f"/lists/{printed['id']}/acknowledgement", json=body)).status_code == 404


async def test_a_mended_number_takes_a_person_off_the_list_and_sends_again(world: World) -> None:
    head, printed = await _three_listed(world)
    entries = (await head.get(f"/lists/{printed['id']}")).json()["entries"]
    person = next(entry["person_id"] for entry in entries)
    world.people.contacts[person]["phone"] = "+6281234099000"
    await world.service.deliver(corrected(person, [PersonField.NAME]))
    assert sorted(await world.states()) == ["listed"] * 3
    await world.service.deliver(corrected(person))
    assert sorted(await world.states()) == ["listed", "listed", "queued"]
    changed = (await head.get(f"/lists/{printed['id']}")).json()
    assert changed["open_count"] == 2
    assert changed["version"] > printed["version"]
    while "delivered" not in await world.states():
        await world.service.run_workers()
    numbers = await world.service.fetch_all(
        "SELECT number, a.state FROM attempt a JOIN message m ON m.id = a.message_id WHERE person_id = :id ORDER BY 1",
        id=person,
    )
    assert [tuple(row) for row in numbers] == [(1, "failed"), (2, "delivered")]


async def test_a_number_mended_while_the_old_one_was_tried_is_not_overlooked(world: World) -> None:
    person = world.people.add("+6281234099002")
    await world.service.deliver(scheduled(person))
    await world.settle(until="sent")
    world.people.contacts[str(person)]["phone"] = "+6281234099000"
    await world.service.deliver(corrected(person))
    await world.settle(until="delivered")
    names = await world.event_names()
    assert names[-2:] == ["sent", "delivered"]
    assert names.count("failed") == 1


async def test_an_invitation_is_not_sent_again_after_the_handover(world: World) -> None:
    person = world.people.add(None)
    invitation = scheduled(person)
    await world.service.deliver(invitation)
    await world.settle(until="listed")
    await world.service.deliver(handed_over(person, grant_id=invitation.grant_id))
    await world.settle(until="failed")
    assert await world.states() == ["listed", "failed"], "a receipt goes on no list: the BAST is in hand"
    world.people.contacts[str(person)]["phone"] = "+6281234099000"
    await world.service.deliver(corrected(person))
    await world.settle(until="delivered")
    assert await world.states() == ["listed", "delivered"]


async def test_a_graduation_is_in_the_region_the_person_is_known_in(world: World) -> None:
    person = world.people.add("+6281234012345")
    await world.service.deliver(handed_over(person))
    await world.service.deliver(graduated(person))
    rows = await world.service.fetch_all("SELECT region_code FROM message")
    assert [row.region_code for row in rows] == [VILLAGE, VILLAGE]


async def test_officers_of_another_agency_have_nothing_to_do_with_a_list(world: World) -> None:
    head, printed = await _three_listed(world)
    message_id = (await head.get(f"/lists/{printed['id']}")).json()["entries"][0]["message_id"]
    told = {"occurred_on": _today()}
    for role in (Role.PETUGAS, Role.VERIFIKATOR, Role.OPERATOR, Role.AUDITOR):
        stranger = world.service.as_(role, agency="dinas-koperasi")
        assert (await stranger.get("/lists")).json()["items"] == [], role
        assert (await stranger.get(f"/lists/{printed['id']}")).status_code == 404, role
        assert (await stranger.get(f"/lists/{printed['id']}/page")).status_code in {403, 404}, role
        own = world.service.as_(role)
        assert [one["id"] for one in (await own.get("/lists")).json()["items"]] == [printed["id"]], role
    stranger = world.service.as_(Role.PETUGAS, agency="dinas-koperasi")
    body = {**told, "version": printed["version"]}
    refused = await stranger.post(f"/lists/{printed['id']}/acknowledgement", json=body)
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:sinergi:problem:unknown-list")
    refused = await stranger.post(f"/messages/{message_id}/acknowledgement", json=told)
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:sinergi:problem:unknown-message")
    assert await world.service.fetch_all("SELECT 1 FROM access_record") == []
    assert await world.states() == ["listed"] * 3
    mentor = world.service.as_(Role.PENDAMPING, agency="kemensos")
    assert (await mentor.get(f"/lists/{printed['id']}/page")).status_code == 200
    assert (await mentor.post(f"/lists/{printed['id']}/acknowledgement", json=body)).status_code == 201


async def test_a_list_with_messages_outside_the_scope_is_not_acknowledged(world: World) -> None:
    head, printed = await _three_listed(world)
    moved = (await head.get(f"/lists/{printed['id']}")).json()["entries"][0]["message_id"]
    await world.service.execute("UPDATE message SET region_code = '33.28.04.2001' WHERE id = :id", id=moved)
    body = {"occurred_on": _today(), "version": printed["version"]}
    refused = await head.post(f"/lists/{printed['id']}/acknowledgement", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:sinergi:problem:not-all-on-this-list")
    assert refused.json()["facts"] == {"message_ids": [moved]}
    assert await world.states() == ["listed"] * 3
    assert await world.service.published(MessageAcknowledgedV1) == []
