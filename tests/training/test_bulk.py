"""What an officer does for one sheet or person, done for many of training."""

from typing import Any
from uuid import UUID

from chassis.auth import Role
from contracts.envelope import case_id
from contracts.training import CourseCompletedV1, EnrolledV1
from tests.support.service import OfficerClient
from tests.training.builders import AFTERWARDS, LATE, World, corrected, enrolled, everybody, made

ENROL = "/classes/{class_id}/enrolments"


async def done(world: World, officer: OfficerClient, path: str, order: dict[str, Any]) -> dict[str, Any]:
    """The job of an order, when it has ended."""
    response = await officer.post(path, json=order)
    assert response.status_code == 202, response.text
    await world.training.run_jobs()
    return dict((await officer.get(f"/jobs/{response.json()['id']}")).json())


async def failed_of(officer: OfficerClient, job: dict[str, Any]) -> list[dict[str, Any]]:
    """The failed rows of a job."""
    rows: list[dict[str, Any]] = (await officer.get(f"/bulk/{job['id']}/rows?failed=true")).json()["items"]
    return rows


async def test_people_are_enrolled_by_a_list(world: World) -> None:
    """No list of training shows who is not enrolled yet; whoever died is refused, and the others are enrolled."""
    class_id = await world.schedule()
    people = await world.people(3)
    await world.training.deliver(corrected(people[1], "deceased"), sequence=2)
    order = {
        "act": ENROL,
        "same": {"class_id": str(class_id), "occurred_on": "2023-10-10"} | LATE,
        "items": [{"person_id": str(person_id)} for person_id in people],
    }
    job = await done(world, world.petugas, "/bulk", order)
    assert (job["state"], job["act"], job["done"], job["failed"]) == ("done", ENROL, 2, 1)
    (refused,) = await failed_of(world.petugas, job)
    assert (refused["number"], refused["code"]) == (2, "person-deceased")
    assert refused["ids"] == {"class_id": str(class_id), "person_id": str(people[1])}
    told = await world.training.published(EnrolledV1)
    assert [event.case for event in told] == [case_id(world.programme_id, people[n]) for n in (0, 2)]
    shown = (await world.petugas.get(f"/classes/{class_id}")).json()
    assert shown["places_taken"] == 2
    for person_id, count in zip(people, (1, 0, 1), strict=True):
        assert len((await world.petugas.get(f"/people/{person_id}/enrolments")).json()["items"]) == count


async def test_all_sheets_of_a_class_that_wait_are_verified(world: World) -> None:
    """But the one the verifying officer recorded: another one tries it again, and that decides completion."""
    class_id, members = await enrolled(world, 2)
    first, *others = await world.sessions(class_id)
    lines = [{"enrolment_id": str(each), "attendance": "present"} for each in members]
    own_body = {"class_id": str(class_id), "session_id": str(first), "occurred_on": AFTERWARDS, "entries": lines}
    verifier = world.training.as_(Role.PETUGAS, subject="petugas-2")
    own = await made(verifier, "/sheets", **own_body, **LATE)
    rest = [await world.report(class_id, session_id, everybody(*members)) for session_id in others]
    order = {
        "act": "/sheets/{sheet_id}/verify",
        "each_of": "/sheets",
        "where": {"class_id": str(class_id), "state": "reported"},
        "take": {"sheet_id": "id", "version": "version"},
        "same": {"occurred_on": AFTERWARDS} | LATE,
    }
    job = await done(world, verifier, "/bulk", order)
    assert (job["total"], job["done"], job["failed"]) == (4, 3, 1)
    (refused,) = await failed_of(verifier, job)
    assert (refused["code"], refused["ids"]) == ("same-person", {"sheet_id": str(own)})
    assert await states(world, [own, *rest]) == ["reported", *["verified"] * 3]
    assert await world.training.published(CourseCompletedV1) == []

    assert (await done(world, world.verifikator, f"/bulk/{job['id']}/retry-failed", {}))["done"] == 1
    assert await states(world, [own]) == ["verified"]
    told = await world.training.published(CourseCompletedV1)
    assert {event.data.enrolment_id for event in told} == set(members)


async def states(world: World, sheet_ids: list[UUID]) -> list[str]:
    """The sheets' states, in the order of the ids."""
    return [(await world.petugas.get(f"/sheets/{each}")).json()["state"] for each in sheet_ids]
