"""What an officer does for one recipient, done for all that a list of disbursement finds."""

from contracts.disbursement import AidHandedOverV1
from tests.disbursement.builders import HANDED_ON, SIGNING, ok, on, people
from tests.disbursement.world import World


async def test_packages_are_handed_over_to_all_who_wait_for_them(world: World) -> None:
    """By filter, into the object of each receipt; stock for one less, whose row names the grant and is tried again."""
    recipients = people(3)
    await world.decided(*recipients)
    await world.buy(count=2)
    session_id = await world.session()
    order = {
        "act": "/handovers",
        "each_of": "/grants",
        "where": {"programme_id": str(world.programme_id), "state": "decided"},
        "take": {"receipt.grant_id": "id"},
        "same": on(HANDED_ON, session_id=session_id, signing=SIGNING),
    }
    job_id = ok(await world.petugas.post("/bulk", json=order))["id"]
    await world.service.run_jobs()
    job = ok(await world.petugas.get(f"/jobs/{job_id}"))
    assert (job["total"], job["done"], job["failed"]) == (3, 2, 1)
    (refused,) = ok(await world.petugas.get(f"/bulk/{job_id}/rows?failed=true"))["items"]
    waiting = [grant for person in recipients if (grant := await world.grant_of(person))["state"] == "decided"]
    assert refused["code"] == "out-of-stock"
    assert refused["ids"] == {"session_id": session_id, "receipt.grant_id": waiting[0]["id"]}
    assert len(await world.service.published(AidHandedOverV1)) == 2
    assert sum((await world.balances()).values()) == 0
    await world.buy(count=1)
    ok(await world.petugas.post(f"/bulk/{job_id}/retry-failed", json={}))
    await world.service.run_jobs()
    told = await world.service.published(AidHandedOverV1)
    assert {event.data.person_id for event in told} == set(recipients)
    assert (await world.stock())["handed_over_count"] == 3
