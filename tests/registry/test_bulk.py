"""What a second officer does for one correction, done for all that wait."""

from chassis.auth import Role
from contracts.registry import PersonCorrectedV1
from tests.registry.builders import DATED, cells, registered
from tests.support.service import OfficerClient, ServiceUnderTest

APPROVE = "/corrections/{correction_id}/approve"


async def test_all_corrections_that_wait_are_approved(registry: ServiceUnderTest) -> None:
    """But the one that the verifier proposed: it waits on, and nothing is told of its person."""
    people = await registered(registry, cells(1), cells(2), cells(3))
    verifier = registry.as_(Role.VERIFIKATOR)
    proposer = registry.as_(Role.PETUGAS)
    itself = registry.as_(Role.PETUGAS, subject="verifikator")
    proposed = [
        await proposed_by(officer, f"/people/{person_id}/corrections", f"RT 9 RW {number}")
        for number, (officer, person_id) in enumerate(zip((proposer, itself, proposer), people, strict=True), start=1)
    ]
    order = {
        "act": APPROVE,
        "each_of": "/corrections",
        "where": {"state": "proposed"},
        "take": {"correction_id": "id", "version": "version"},
    }
    response = await verifier.post("/bulk", json=order)
    assert response.status_code == 202, response.text
    await registry.run_jobs()
    job = (await verifier.get(f"/jobs/{response.json()['id']}")).json()
    assert (job["state"], job["act"], job["total"], job["done"], job["failed"]) == ("done", APPROVE, 3, 2, 1)
    (refused,) = (await verifier.get(f"/bulk/{job['id']}/rows?failed=true")).json()["items"]
    assert (refused["code"], refused["ids"]) == ("same-person", {"correction_id": proposed[1]})
    waiting = (await verifier.get("/corrections", params={"state": "proposed"})).json()["items"]
    assert [one["id"] for one in waiting] == [proposed[1]]
    addresses = [(await proposer.get(f"/people/{person_id}")).json()["address"] for person_id in people]
    assert addresses == ["RT 9 RW 1", "RT 2 RW 1", "RT 9 RW 3"]
    told = await registry.published(PersonCorrectedV1)
    assert {(event.data.person_id, str(event.data.correction_id)) for event in told} == {
        (people[0], proposed[0]),
        (people[2], proposed[2]),
    }


async def proposed_by(officer: OfficerClient, path: str, address: str) -> str:
    """The id of a proposal to correct an address."""
    told = {"field": "address", "new_value": address, "reason": "moved", "evidence_reference": "KK/2023/1"}
    response = await officer.post(path, json=told | DATED)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])
