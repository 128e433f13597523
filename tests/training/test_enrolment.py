"""Classes and enrolments through the API, on a real database."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.ids import new_id
from contracts.envelope import case_id
from contracts.training import (
    ClassScheduledV1,
    CourseNotCompletedV1,
    EnrolledV1,
    EnrolmentRescheduledV1,
    NotCompletedReason,
    SessionRedatedV1,
)
from tests.training.builders import DAYS, LATE, PLACE, World, corrected, enrolment, made, opened, refused, registered

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
    await world.training.deliver(opened(other, "menjahit"))
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


async def test_a_moved_session_is_told_to_everybody_enrolled(world: World) -> None:
    class_id = await world.schedule()
    stays, leaves = await world.people(2)
    enrolment_id = await world.enrol(class_id, stays)
    gone = await world.enrol(class_id, leaves)
    withdrawal = {"occurred_on": "2023-10-20", "reason": "too_far"} | LATE
    await made(world.petugas, f"/enrolments/{gone}/withdraw", **withdrawal)
    session_id = (await world.sessions(class_id))[0]
    body = {"occurred_on": "2023-10-20", "held_on": "2023-10-30", "reason": "weather"} | LATE
    path = f"/classes/{class_id}/sessions/{session_id}/redate"
    assert await made(world.petugas, path, **body) == session_id
    assert await made(world.petugas, path, **body) == session_id
    (moved,) = await world.training.published(SessionRedatedV1)
    assert (moved.data.previously_on, moved.data.held_on, moved.sequence) == (DAYS[0], date(2023, 10, 30), 2)
    (told,) = await world.training.published(EnrolmentRescheduledV1)
    assert (told.data.enrolment_id, told.data.transferred, told.sequence) == (enrolment_id, False, 2)
    assert told.data.session_dates == (*DAYS[1:], date(2023, 10, 30))
    assert told.case == case_id(world.programme_id, stays)
    clash = {"occurred_on": "2023-10-20", "held_on": DAYS[1].isoformat(), "reason": "weather"} | LATE
    assert await refused(world.petugas, path, **clash) == (422, "session-dates-repeat")


async def test_a_clash_that_a_move_makes_is_shown(world: World) -> None:
    other = new_id()
    await world.training.deliver(opened(other, "menjahit"))
    cookery = await world.schedule()
    sewing = await world.schedule(programme_id=str(other), course_code="menjahit", days=LATER)
    (person_id,) = await world.people(1)
    enrolment_id = await world.enrol(cookery, person_id)
    await world.enrol(sewing, person_id)
    session_id = (await world.sessions(cookery))[0]
    body = {"occurred_on": "2023-10-20", "held_on": LATER[0].isoformat(), "reason": "weather"} | LATE
    await made(world.petugas, f"/classes/{cookery}/sessions/{session_id}/redate", **body)
    shown = (await world.petugas.get(f"/enrolments/{enrolment_id}")).json()
    assert shown["clashing_dates"] == [LATER[0].isoformat()]


async def test_a_withdrawal_frees_place_days_and_programme(world: World) -> None:
    class_id = await world.schedule(capacity=1)
    person_id, waiting = await world.people(2)
    enrolment_id = await world.enrol(class_id, person_id)
    body = {"occurred_on": "2023-10-20", "reason": "found_work"} | LATE
    await made(world.petugas, f"/enrolments/{enrolment_id}/withdraw", **body)
    (event,) = await world.training.published(CourseNotCompletedV1)
    assert (event.data.reason, event.data.sessions_attended, event.sequence) == (NotCompletedReason.WITHDREW, 0, 2)
    assert await refused(world.petugas, f"/enrolments/{enrolment_id}/withdraw", **body) == (409, "enrolment-ended")
    await world.enrol(class_id, waiting)
    await world.enrol(await world.schedule(), person_id)


async def test_a_transfer_takes_a_place_in_a_sister_class(world: World) -> None:
    origin, target = await world.schedule(), await world.schedule(days=LATER, capacity=1)
    sewing = await world.schedule(course_code="menjahit", days=LATER)
    mover, other = await world.people(2)
    enrolment_id = await world.enrol(origin, mover)
    path = f"/enrolments/{enrolment_id}/transfer"

    def to(class_id: UUID) -> dict[str, str]:
        return {"occurred_on": "2023-10-24", "to_class_id": str(class_id)} | LATE

    assert await refused(world.petugas, path, **to(sewing)) == (422, "not-sister-class")
    assert await refused(world.petugas, path, **to(new_id())) == (404, "class-unknown")
    await made(world.petugas, path, **to(target))
    (event,) = await world.training.published(EnrolmentRescheduledV1)
    assert (event.data.class_id, event.data.transferred, event.data.session_dates) == (target, True, tuple(LATER))
    full = await world.enrol(origin, other)
    assert await refused(world.petugas, f"/enrolments/{full}/transfer", **to(target)) == (409, "class-full")
    history = await world.training.fetch_all(
        "SELECT version, class_id FROM enrolment_history WHERE enrolment_id = :id ORDER BY version", id=enrolment_id
    )
    assert [tuple(row) for row in history] == [(1, origin), (2, target)]
    days = await world.training.fetch_all(
        "SELECT held_on FROM booked_day WHERE enrolment_id = :id AND is_active ORDER BY held_on", id=enrolment_id
    )
    assert [row.held_on for row in days] == LATER


@pytest.mark.parametrize("status", ["deceased", "moved_away"])
async def test_who_dies_or_moves_does_not_complete(world: World, status: str) -> None:
    class_id = await world.schedule()
    (person_id,) = await world.people(1)
    await world.enrol(class_id, person_id)
    await world.training.deliver(corrected(person_id, status), sequence=2)
    (event,) = await world.training.published(CourseNotCompletedV1)
    assert (event.data.reason.value, event.case) == (status, case_id(world.programme_id, person_id))
    await world.training.deliver(corrected(person_id, status), sequence=3)
    assert len(await world.training.published(CourseNotCompletedV1)) == 1


async def test_an_older_fact_changes_nothing(world: World) -> None:
    (person_id,) = await world.people(1)
    await world.training.deliver(corrected(person_id, "deceased"), sequence=5)
    await world.training.deliver(registered(person_id), sequence=4)
    row = await world.training.fetch_one("SELECT status, sequence FROM person WHERE person_id = :id", id=person_id)
    assert row is not None
    assert tuple(row) == ("deceased", 5)


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
