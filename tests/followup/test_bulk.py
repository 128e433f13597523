"""What an officer does for one family, done for all that a list of follow-up finds."""

from typing import Any
from uuid import UUID

from chassis.auth import Role
from chassis.ids import new_id
from contracts.envelope import case_id
from contracts.followup import EmpoweredV1, GraduationProposedV1
from tests.followup.builders import NOW_IS_LATE, Field, get, visit_body
from tests.followup.builders import post as act
from tests.support.service import OfficerClient, ServiceUnderTest

CONFIRM = "/empowerments/{empowerment_id}/confirm"


async def candidates(field: Field, programme_id: UUID, count: int) -> dict[str, UUID]:
    """Plans of a programme whose families are candidates, and their people."""
    found: dict[str, UUID] = {}
    for _ in range(count):
        plan_id, fact = await field.planned(programme_id=programme_id)
        await field.visited(plan_id)
        found[plan_id] = fact.person_id
    return found


async def done(field: Field, officer: OfficerClient, path: str, order: dict[str, Any]) -> dict[str, Any]:
    """The job of an order, when it has ended."""
    response = await officer.post(path, json=order)
    assert response.status_code == 202, response.text
    await field.service.run_jobs()
    return await get(officer, f"/jobs/{response.json()['id']}")


def confirming(programme_id: UUID) -> dict[str, Any]:
    """Confirm all candidates of a programme, each in the version that the list shows."""
    return {
        "act": CONFIRM,
        "each_of": "/empowerments",
        "where": {"state": "candidate", "programme_id": str(programme_id)},
        "take": ["version"],
        "same": {"occurred_on": "2024-06-01"} | NOW_IS_LATE,
    }


async def test_all_candidates_of_a_programme_are_confirmed(followup: ServiceUnderTest) -> None:
    """But the one whose last visit the verifier made: four eyes refuse that row, and another verifier tries again."""
    field, programme_id = Field(followup), new_id()
    people = await candidates(field, programme_id, 2)
    own_plan, fact = await field.planned(programme_id=programme_id)
    await field.visited(own_plan, 5)
    await act(followup.as_(Role.PENDAMPING, subject="verifikator-1"), "/visits", visit_body(own_plan, 6))
    (elsewhere,) = await candidates(field, new_id(), 1)

    job = await done(field, field.verifier, "/bulk", confirming(programme_id))
    assert (job["state"], job["act"], job["total"], job["done"], job["failed"]) == ("done", CONFIRM, 3, 2, 1)
    (refused,) = (await get(field.verifier, f"/bulk/{job['id']}/rows?failed=true"))["items"]
    own = (await get(field.officer, f"/plans/{own_plan}"))["empowerment"]
    assert (refused["code"], refused["ids"]) == ("same-person", {"empowerment_id": own["empowerment_id"]})
    told = await followup.published(EmpoweredV1)
    assert {event.case for event in told} == {case_id(programme_id, person_id) for person_id in people.values()}
    confirmed = (await get(field.officer, f"/empowerments?state=confirmed&programme_id={programme_id}"))["items"]
    assert {one["plan_id"] for one in confirmed} == set(people)
    assert {one["checker"].rsplit("#", 1)[1] for one in confirmed} == {"verifikator-1"}
    assert (await get(field.officer, f"/plans/{elsewhere}"))["empowerment"]["state"] == "candidate"

    second = followup.as_(Role.VERIFIKATOR, subject="verifikator-2")
    assert (await done(field, second, f"/bulk/{job['id']}/retry-failed", {}))["done"] == 1
    told = await followup.published(EmpoweredV1)
    assert {event.data.person_id for event in told} == {*people.values(), fact.person_id}


async def test_all_who_are_confirmed_are_proposed_for_graduation(followup: ServiceUnderTest) -> None:
    """An act without anything in its path: what it needs is taken from the list by name."""
    field, programme_id = Field(followup), new_id()
    people = await candidates(field, programme_id, 2)
    await done(field, field.verifier, "/bulk", confirming(programme_id))
    proposing = {
        "act": "/graduations",
        "each_of": "/empowerments",
        "where": {"state": "confirmed", "programme_id": str(programme_id)},
        "take": ["plan_id"],
        "same": {"occurred_on": "2024-06-15"} | NOW_IS_LATE,
    }
    job = await done(field, field.officer, "/bulk", proposing)
    assert (job["done"], job["failed"]) == (2, 0)
    proposed = await followup.published(GraduationProposedV1)
    assert {event.data.person_id for event in proposed} == set(people.values())
