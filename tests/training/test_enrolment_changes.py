"""What becomes of enrolments: moved sessions, withdrawals, transfers, deaths; on a real database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event

from chassis.database import Database
from chassis.ids import new_id
from contracts.envelope import case_id
from contracts.training import (
    CourseNotCompletedV1,
    EnrolmentRescheduledV1,
    NotCompletedReason,
    SessionRedatedV1,
)
from tests.training.builders import DAYS, LATE, World, corrected, made, opened, refused, registered

LATER = [day + timedelta(days=14) for day in DAYS]


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


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """Every statement that reaches the database meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_a_batch_takes_as_many_statements_as_one(world: World) -> None:
    class_id = await world.schedule()
    people = await world.people(5)
    for person_id in people:
        await world.enrol(class_id, person_id)
    session_id = (await world.sessions(class_id))[0]
    body = {"occurred_on": "2023-10-20", "held_on": "2023-10-30", "reason": "weather"} | LATE
    with statements_of(world.training.service.api_database) as seen:
        await made(world.petugas, f"/classes/{class_id}/sessions/{session_id}/redate", **body)
    assert len([each for each in seen if each.startswith("INSERT INTO booked_day")]) == 1
    with statements_of(world.training.service.database) as seen:
        await world.training.deliver(*(corrected(person_id, "deceased") for person_id in people), sequence=2)
    assert len([each for each in seen if each.startswith("UPDATE booked_day")]) == 1


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


async def test_deaths_of_several_days_in_one_batch_end_each_on_its_own(world: World) -> None:
    class_id = await world.schedule()
    people = await world.people(3)
    enrolments = [await world.enrol(class_id, person_id) for person_id in people]
    days = [date(2023, 10, 20), date(2023, 10, 21), date(2023, 10, 20)]
    facts = [
        corrected(who, "deceased").model_copy(update={"occurred_on": day})
        for who, day in zip(people, days, strict=True)
    ]
    await world.training.deliver(*facts, sequence=2)
    told = {
        event.data.enrolment_id: event.data.occurred_on
        for event in await world.training.published(CourseNotCompletedV1)
    }
    assert told == dict(zip(enrolments, days, strict=True))
    history = await world.training.fetch_all(
        "SELECT enrolment_id, occurred_on FROM enrolment_history WHERE version = 2"
    )
    assert {row.enrolment_id: row.occurred_on for row in history} == told
    assert await world.training.fetch_all("SELECT 1 FROM booked_day WHERE is_active") == []


async def test_an_older_fact_changes_nothing(world: World) -> None:
    (person_id,) = await world.people(1)
    await world.training.deliver(corrected(person_id, "deceased"), sequence=5)
    await world.training.deliver(registered(person_id), sequence=4)
    row = await world.training.fetch_one("SELECT status, sequence FROM person WHERE person_id = :id", id=person_id)
    assert row is not None
    assert tuple(row) == ("deceased", 5)
