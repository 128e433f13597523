"""Classes and enrolments through the API, on a real database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chassis.auth import Role
from chassis.ids import new_id
from contracts.envelope import case_id
from contracts.training import (
    ClassScheduledV1,
    EnrolledV1,
)
from tests.training.builders import DAYS, LATE, PLACE, World, corrected, enrolment, made, opened, refused

LATER = [day + timedelta(days=14) for day in DAYS]


async def test_a_class_is_scheduled_and_told(world: World) -> None:
    class_id = await world.schedule()
    shown = (await world.petugas.get(f"/classes/{class_id}")).json()
    assert [session["held_on"] for session in shown["sessions"]] == [day.isoformat() for day in DAYS]
    assert (shown["sessions_required"], shown["places_taken"], shown["decided_on"]) == (3, 0, None)
    (event,) = await world.training.published(ClassScheduledV1)
    assert (event.data.class_id, event.data.capacity, event.sequence) == (class_id, 30, 1)
    assert [session.held_on for session in event.data.sessions] == DAYS
    listed = (await world.petugas.get("/classes", params={"programme_id": str(world.programme_id)})).json()
    assert [each["id"] for each in listed["items"]] == [str(class_id)]


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ({"course_code": "ternak-kambing"}, (404, "course-unknown")),
        ({"provider_code": "nobody"}, (404, "provider-unknown")),
        ({"programme_id": str(new_id())}, (404, "programme-unknown")),
        ({"session_dates": ["2023-10-25"]}, (422, "session-count-differs")),
        ({"session_dates": ["2023-10-25"] * 4}, (422, "session-dates-repeat")),
        ({"place_region_code": "33.29.01"}, (403, "not-allowed")),
        ({"late_entry_reason": None}, (422, "late-entry-needs-reason")),
        ({"capacity": 0}, (422, "invalid-request")),
    ],
)
async def test_what_is_not_scheduled(world: World, other: dict[str, object], problem: tuple[int, str]) -> None:
    command = world.class_command() | other
    assert await refused(world.petugas, "/classes", **command) == problem
    assert await world.training.published(ClassScheduledV1) == []


async def test_a_course_must_lead_to_a_package_of_the_programme(world: World) -> None:
    other = new_id()
    await world.training.deliver(opened(other, "menjahit"))
    shown = await world.petugas.get(f"/programmes/{other}")
    assert shown.json()["course_codes"] == ["menjahit"]
    command = world.class_command(programme_id=str(other))
    assert await refused(world.petugas, "/classes", **command) == (422, "course-not-in-programme")


@pytest.mark.parametrize("scope", [{"agency": "dinas-koperasi"}, {"region": "33.28.04"}])
async def test_a_class_belongs_to_a_programme_of_its_own_office(world: World, scope: dict[str, str]) -> None:
    stranger = world.training.as_(Role.PETUGAS, subject="stranger", **scope)
    assert await refused(stranger, "/classes", **world.class_command()) == (404, "programme-unknown")
    own = new_id()
    told = {"agency": scope.get("agency", "dinsos"), "region_code": scope.get("region", "33.28")}
    await world.training.deliver(opened(own, "tata-boga", **told))
    await made(stranger, "/classes", **world.class_command(programme_id=str(own)))


async def test_codes_are_taken_once(world: World) -> None:
    provider = {"code": "lpk-elite-slawi", "name": "Again", "region_code": "33.28"}
    assert await refused(world.petugas, "/providers", **provider) == (409, "provider-code-taken")
    course = {"code": "tata-boga", "name": "Again", "region_code": "33.28", "sessions": 4, "share_percent": 75}
    assert await refused(world.petugas, "/courses", **course) == (409, "course-code-taken")
    assert [each["code"] for each in (await world.petugas.get("/providers")).json()["items"]] == [
        "lpk-elite-slawi",
        "pucuk-daun-lestari",
    ]
    assert [each["sessions_required"] for each in (await world.petugas.get("/courses")).json()["items"]] == [3, 3]


async def test_an_enrolment_is_told_under_its_case(world: World) -> None:
    class_id = await world.schedule()
    (person_id,) = await world.people(1)
    enrolment_id = await world.enrol(class_id, person_id)
    (event,) = await world.training.published(EnrolledV1)
    assert event.case == case_id(world.programme_id, person_id)
    assert (event.key, event.sequence, event.data.enrolment_id) == (str(person_id), 1, enrolment_id)
    assert (event.data.session_dates, event.data.place_region_code) == (tuple(DAYS), PLACE)
    shown = (await world.petugas.get(f"/people/{person_id}/enrolments")).json()
    assert [each["id"] for each in shown["items"]] == [str(enrolment_id)]


async def test_who_is_refused_one_by_one(world: World) -> None:
    class_id = await world.schedule(capacity=1)
    full, dead, moved = await world.people(3)
    await world.training.deliver(corrected(dead, "deceased"), corrected(moved, "moved_away"), sequence=2)
    path = f"/classes/{class_id}/enrolments"
    assert await refused(world.petugas, path, **enrolment(new_id())) == (422, "person-unknown")
    assert await refused(world.petugas, path, **enrolment(dead)) == (409, "person-deceased")
    assert await refused(world.petugas, path, **enrolment(moved)) == (409, "person-moved-away")
    (first,) = await world.people(1)
    await world.enrol(class_id, first)
    assert await refused(world.petugas, path, **enrolment(full)) == (409, "class-full")
    assert await refused(world.petugas, path, **enrolment(first)) == (409, "already-enrolled-in-programme")
    unknown = f"/classes/{new_id()}/enrolments"
    assert await refused(world.petugas, unknown, **enrolment(full)) == (404, "class-unknown")


async def test_a_finished_class_takes_only_late_entries(world: World) -> None:
    class_id = await world.schedule()
    (person_id,) = await world.people(1)
    path = f"/classes/{class_id}/enrolments"
    body = enrolment(person_id)
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    without = {"person_id": str(person_id), "occurred_on": yesterday}
    assert await refused(world.petugas, path, **without) == (409, "class-finished")
    assert await refused(world.petugas, path, **body | {"occurred_on": "2023-10-29"}) == (409, "class-finished")
    await made(world.petugas, path, **body)


async def test_overlap_counts_over_all_agencies_and_programmes(world: World) -> None:
    other = new_id()
    await world.training.deliver(opened(other, "menjahit", agency="dinas-koperasi"))
    (person_id,) = await world.people(1)
    await world.enrol(await world.schedule(), person_id)
    koperasi = world.training.as_(Role.PETUGAS, agency="dinas-koperasi", subject="petugas-9")
    command = world.class_command(programme_id=str(other), course_code="menjahit", days=[DAYS[3], *LATER[1:]])
    class_id = await made(koperasi, "/classes", **command)
    path = f"/classes/{class_id}/enrolments"
    assert await refused(koperasi, path, **enrolment(person_id)) == (409, "overlapping-class")
    later = await made(
        koperasi, "/classes", **world.class_command(programme_id=str(other), course_code="menjahit", days=LATER)
    )
    await made(koperasi, f"/classes/{later}/enrolments", **enrolment(person_id))
    assert len((await koperasi.get(f"/people/{person_id}/enrolments")).json()["items"]) == 1


async def test_a_list_has_an_outcome_per_row(world: World) -> None:
    class_id = await world.schedule(capacity=2)
    one, two, three = await world.people(3)
    unknown = new_id()
    ids = [str(each) for each in (one, unknown, one, two, three)]
    body = {"occurred_on": "2023-10-10", "person_ids": ids} | LATE
    list_id = await made(world.petugas, f"/classes/{class_id}/enrolment-lists", **body)
    shown = (await world.petugas.get(f"/enrolment-lists/{list_id}")).json()
    assert [row["refusal"] for row in shown["rows"]] == [
        None,
        "person-unknown",
        "already-enrolled-in-programme",
        None,
        "class-full",
    ]
    assert (shown["enrolled_count"], shown["refused_count"]) == (2, 3)
    assert {event.data.person_id for event in await world.training.published(EnrolledV1)} == {one, two}
    page = (await world.petugas.get(f"/classes/{class_id}/enrolments", params={"limit": 1})).json()
    rest = (await world.petugas.get(f"/classes/{class_id}/enrolments", params={"after": page["next"]})).json()
    assert [page["items"][0]["person_id"], rest["items"][0]["person_id"]] == [str(one), str(two)]


async def test_the_last_place_is_given_once(world: World) -> None:
    class_id = await world.schedule(capacity=3)
    people = await world.people(8)
    path = f"/classes/{class_id}/enrolments"
    answers = await asyncio.gather(*(world.petugas.post(path, json=enrolment(person_id)) for person_id in people))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    assert len(await world.training.published(EnrolledV1)) == 3


async def test_nobody_gets_into_two_overlapping_classes_at_once(world: World) -> None:
    other = new_id()
    await world.training.deliver(opened(other, "menjahit"))
    classes = [await world.schedule(), await world.schedule(programme_id=str(other), course_code="menjahit")]
    people = await world.people(5)
    answers = await asyncio.gather(
        *(world.petugas.post(f"/classes/{each}/enrolments", json=enrolment(who)) for who in people for each in classes)
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 5


async def test_the_enrolments_of_a_person_come_in_pages(world: World) -> None:
    class_id = await world.schedule()
    (person_id,) = await world.people(1)
    withdrawn = await world.enrol(class_id, person_id)
    body = {"occurred_on": "2023-10-20", "reason": "illness"} | LATE
    await made(world.petugas, f"/enrolments/{withdrawn}/withdraw", **body)
    again = await world.enrol(class_id, person_id)
    path = f"/people/{person_id}/enrolments"
    page = (await world.petugas.get(path, params={"limit": 1})).json()
    rest = (await world.petugas.get(path, params={"limit": 1, "after": page["next"]})).json()
    assert [each["id"] for each in (*page["items"], *rest["items"])] == [str(withdrawn), str(again)]
    assert rest["next"] is None


async def test_other_agencies_and_regions_see_nothing(world: World) -> None:
    class_id = await world.schedule()
    (person_id,) = await world.people(1)
    await world.enrol(class_id, person_id)
    for agency, region in (("dinas-koperasi", "33.28"), ("dinsos", "33.29"), ("dinsos", "33.2")):
        stranger = world.training.as_(Role.PETUGAS, agency=agency, region=region, subject="stranger")
        assert (await stranger.get(f"/classes/{class_id}")).status_code == 404
        assert (await stranger.get(f"/people/{person_id}/enrolments")).json()["items"] == []
        path = f"/classes/{class_id}/enrolments"
        assert await refused(stranger, path, **enrolment(person_id)) == (404, "class-unknown")


@pytest.mark.parametrize("role", [Role.VERIFIKATOR, Role.PENDAMPING, Role.AUDITOR, Role.LEMBAGA_PELATIHAN])
async def test_only_the_petugas_enrols(world: World, role: Role) -> None:
    class_id = await world.schedule()
    officer = world.training.as_(role, subject="somebody")
    path = f"/classes/{class_id}/enrolments"
    assert await refused(officer, path, **enrolment(new_id())) == (403, "not-allowed")
