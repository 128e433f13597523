"""What an officer confirms for one person on a printed list, confirmed for all of them."""

from datetime import UTC, datetime

from chassis.auth import Role
from chassis.ids import new_id
from contracts.notifications import MessageAcknowledgedV1
from tests.notifications.builders import PROGRAMME, scheduled
from tests.notifications.conftest import World

ACKNOWLEDGE = "/messages/{message_id}/acknowledgement"


async def test_all_messages_of_a_programme_are_confirmed_as_told(world: World) -> None:
    """But the one whose recipient was told already: that row is refused, and nothing is told twice."""
    people = [world.people.add(None) for _ in range(3)]
    session_id = new_id()
    await world.service.deliver(*(scheduled(person, handover_session_id=session_id) for person in people))
    await world.settle(until="listed")
    petugas = world.service.as_(Role.PETUGAS)
    shown = (await petugas.get("/messages", params={"state": "listed"})).json()["items"]
    messages = {one["person_id"]: one["id"] for one in shown}
    body = {"occurred_on": datetime.now(UTC).date().isoformat()}
    already = messages[str(people[1])]
    assert (await petugas.post(f"/messages/{already}/acknowledgement", json=body)).status_code == 201
    order = {
        "act": ACKNOWLEDGE,
        "each_of": "/messages",
        "where": {"programme_id": str(PROGRAMME)},
        "take": {"message_id": "id"},
        "same": body,
    }
    response = await petugas.post("/bulk", json=order)
    assert response.status_code == 202, response.text
    await world.service.run_jobs()
    job = (await petugas.get(f"/jobs/{response.json()['id']}")).json()
    assert (job["state"], job["act"], job["total"], job["done"], job["failed"]) == ("done", ACKNOWLEDGE, 3, 2, 1)
    (refused,) = (await petugas.get(f"/bulk/{job['id']}/rows?failed=true")).json()["items"]
    assert (refused["code"], refused["ids"]) == ("not-listed", {"message_id": already})
    assert await world.states() == ["acknowledged"] * 3
    told = await world.service.published(MessageAcknowledgedV1)
    assert sorted(str(event.data.person_id) for event in told) == sorted(messages)
    (printed,) = (await petugas.get("/lists", params={"programme_id": str(PROGRAMME)})).json()["items"]
    assert (printed["state"], printed["open_count"]) == ("acknowledged", 0)
