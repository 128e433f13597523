"""Reads, and who may do what."""

import pytest

from chassis.auth import Role
from chassis.ids import new_id
from tests.notifications.builders import PROGRAMME, enrolled, handed_over
from tests.notifications.conftest import World


async def test_messages_are_paged_filtered_and_counted(world: World) -> None:
    person = world.people.add("+6281234012345")
    await world.service.deliver(*(enrolled(person) for _ in range(3)))
    await world.service.deliver(handed_over(person))
    officer = world.service.as_(Role.PETUGAS)
    first = (await officer.get("/messages", params={"limit": 3})).json()
    assert len(first["items"]) == 3
    rest = (await officer.get("/messages", params={"limit": 3, "after": first["next"]})).json()
    assert len(rest["items"]) == 1
    assert rest["next"] is None
    for wanted, count in (
        ({"state": "queued"}, 4),
        ({"state": "sent"}, 0),
        ({"template_code": "handover-receipt"}, 1),
        ({"person_id": str(person)}, 4),
        ({"person_id": str(new_id())}, 0),
        ({"programme_id": str(PROGRAMME)}, 4),
    ):
        assert len((await officer.get("/messages", params=wanted)).json()["items"]) == count, wanted
    counts = (await officer.get("/message-counts", params={"programme_id": str(PROGRAMME)})).json()
    assert {(one["template_code"], one["state"]): one["count"] for one in counts} == {
        ("training-invitation", "queued"): 3,
        ("handover-receipt", "queued"): 1,
    }
    elsewhere = world.service.as_(Role.PETUGAS, region="33.29")
    assert (await elsewhere.get("/messages")).json()["items"] == []
    other_agency = world.service.as_(Role.PETUGAS, agency="dinas-koperasi")
    assert (await other_agency.get("/message-counts", params={"programme_id": str(PROGRAMME)})).json() == []
    assert (await officer.get("/message-counts")).status_code == 422, "counting all programmes has no bound"


async def test_one_message_shows_its_attempts(world: World) -> None:
    await world.service.deliver(enrolled(world.people.add("+6281234099000")))
    await world.settle(until="delivered")
    auditor = world.service.as_(Role.AUDITOR)
    message_id = (await auditor.get("/messages")).json()["items"][0]["id"]
    shown = (await auditor.get(f"/messages/{message_id}")).json()
    assert [(one["number"], one["channel"], one["state"]) for one in shown["attempts"]] == [(1, "sms", "delivered")]
    assert shown["attempts"][0]["segments"] == 2
    assert (await auditor.get(f"/messages/{new_id()}")).status_code == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/messages/{id}/acknowledgement", {Role.KEPALA_DESA, Role.PENDAMPING, Role.PETUGAS}),
        ("/lists/{id}/acknowledgement", {Role.KEPALA_DESA, Role.PENDAMPING, Role.PETUGAS}),
        ("/templates/graduation/versions", {Role.ADMINISTRATOR}),
        ("/terms", {Role.ADMINISTRATOR}),
    ],
)
async def test_every_act_is_for_its_roles_only(world: World, path: str, allowed: set[Role]) -> None:
    for role in Role:
        answer = await world.service.as_(role).post(path.format(id=new_id()), json={})
        assert (answer.status_code != 403) is (role in allowed), role
    assert (await world.service.client().post(path.format(id=new_id()), json={})).status_code == 401
