"""What verified attendance decides: completion, also by make-ups, after transfers and corrections."""

import asyncio

from contracts.training import CourseCompletedV1, CourseNotCompletedV1, NotCompletedReason
from tests.training.builders import (
    AFTERWARDS,
    DAYS,
    LATE,
    World,
    checked,
    corrected,
    enrolled,
    everybody,
    made,
    refused,
)


async def test_the_last_verified_session_decides(world: World) -> None:
    class_id, (good, enough, short) = await enrolled(world, 3)
    first = {good: "present", enough: "sick", short: "excused"}
    full = everybody(good, enough, short)
    last = {good: "present", enough: "present", short: "absent"}
    sessions = await world.sessions(class_id)
    for session_id, lines in zip(sessions[:3], (first, full, full), strict=True):
        await world.verify(await world.report(class_id, session_id, lines))
    assert await world.training.published(CourseCompletedV1, CourseNotCompletedV1) == []
    progress = (await world.petugas.get(f"/enrolments/{good}")).json()
    assert (progress["status"], progress["sessions_attended"]) == ("enrolled", 3)
    sheet_id = await world.report(class_id, sessions[3], last)
    assert await world.training.published(CourseCompletedV1) == []
    await world.verify(sheet_id)
    completed = {event.data.enrolment_id: event for event in await world.training.published(CourseCompletedV1)}
    assert {key: event.data.sessions_attended for key, event in completed.items()} == {good: 4, enough: 3}
    assert completed[good].data.completed_on == DAYS[-1]
    (fell_short,) = await world.training.published(CourseNotCompletedV1)
    assert (fell_short.data.enrolment_id, fell_short.data.sessions_attended, fell_short.data.sessions_required) == (
        short,
        2,
        3,
    )
    assert fell_short.data.reason is NotCompletedReason.ATTENDANCE_SHORT
    shown = (await world.petugas.get(f"/classes/{class_id}")).json()
    assert shown["decided_on"] == AFTERWARDS
    (newcomer,) = await world.people(1)
    body = {"occurred_on": "2023-10-10", "person_id": str(newcomer)} | LATE
    assert await refused(world.petugas, f"/classes/{class_id}/enrolments", **body) == (409, "class-decided")


async def test_a_make_up_counts_once_per_session_number(world: World) -> None:
    home, (guest,) = await enrolled(world, 1)
    sister, (own,) = await enrolled(world, 1)
    present, absent = everybody(guest), everybody(guest, word="absent")
    await world.attend(home, [present, absent, absent, present])
    (short,) = await world.training.published(CourseNotCompletedV1)
    assert (short.data.enrolment_id, short.data.sessions_attended, short.sequence) == (guest, 2, 2)
    sessions = await world.sessions(sister)
    await world.verify(await world.report(sister, sessions[0], everybody(own, guest)))
    assert await world.training.published(CourseCompletedV1) == []
    sheet_id = await world.report(sister, sessions[1], everybody(own, guest))
    shown = (await world.verifikator.get(f"/sheets/{sheet_id}")).json()
    assert {line["enrolment_id"]: line["standing"] for line in shown["entries"]} == {
        str(own): "own",
        str(guest): "make_up",
    }
    await world.verify(sheet_id)
    (event,) = await world.training.published(CourseCompletedV1)
    assert (event.data.enrolment_id, event.data.class_id, event.data.sessions_attended) == (guest, home, 3)
    assert event.sequence == 3


async def test_a_make_up_verified_at_the_same_moment_is_not_lost(world: World) -> None:
    home, guests = await enrolled(world, 3)
    sister, (own,) = await enrolled(world, 1)
    sessions, sister_sessions = await world.sessions(home), await world.sessions(sister)
    for session_id in sessions[:2]:
        await world.verify(await world.report(home, session_id, everybody(*guests)))
    await world.verify(await world.report(home, sessions[2], everybody(*guests, word="absent")))
    last = await world.report(home, sessions[3], everybody(*guests, word="absent"))
    make_up = await world.report(sister, sister_sessions[2], everybody(own, *guests))
    await asyncio.gather(world.verify(last), world.verify(make_up))
    newest = {
        event.data.enrolment_id: event.data
        for event in await world.training.published(CourseCompletedV1, CourseNotCompletedV1)
    }
    assert {key: type(fact) for key, fact in newest.items()} == dict.fromkeys(guests, CourseCompletedV1)


async def test_attendance_goes_along_with_a_transfer(world: World) -> None:
    origin, (mover,) = await enrolled(world, 1)
    target, (own,) = await enrolled(world, 1)
    for session_id in (await world.sessions(origin))[:2]:
        await world.verify(await world.report(origin, session_id, everybody(mover)))
    body = {"occurred_on": "2023-10-26", "to_class_id": str(target)} | LATE
    await made(world.petugas, f"/enrolments/{mover}/transfer", **body)
    rest = everybody(own, mover)
    await world.attend(target, [everybody(own), everybody(own), rest, everybody(own)])
    completed = {event.data.enrolment_id: event.data for event in await world.training.published(CourseCompletedV1)}
    assert (completed[mover].sessions_attended, completed[mover].class_id) == (3, target)


async def test_a_correction_after_completion_turns_the_outcome(world: World) -> None:
    class_id, (enrolment_id, other) = await enrolled(world, 2)
    both = everybody(enrolment_id, other)
    sheets = await world.attend(class_id, [both, both, both, {enrolment_id: "absent", other: "present"}])
    assert len(await world.training.published(CourseCompletedV1)) == 2
    right = [
        {"enrolment_id": str(enrolment_id), "attendance": "absent"},
        {"enrolment_id": str(other), "attendance": "present"},
    ]
    body = {"occurred_on": AFTERWARDS, "reason": "misrecorded", "entries": right} | LATE
    correction_id = await made(world.petugas, f"/sheets/{sheets[0]}/corrections", **body)
    assert await world.training.published(CourseNotCompletedV1) == []
    assert await refused(world.petugas, f"/sheets/{correction_id}/verify", **checked()) == (409, "same-person")
    await world.verify(correction_id)
    (event,) = await world.training.published(CourseNotCompletedV1)
    assert (event.data.enrolment_id, event.data.sessions_attended, event.sequence) == (enrolment_id, 2, 3)
    old = (await world.verifikator.get(f"/sheets/{sheets[0]}")).json()
    assert (old["state"], old["present_count"], old["version"]) == ("superseded", 2, 3)
    back = [{**line, "attendance": "present"} for line in right]
    again = await made(world.petugas, f"/sheets/{correction_id}/corrections", **body | {"entries": back})
    await world.verify(again)
    newest = (await world.training.published(CourseCompletedV1))[-1]
    assert (newest.data.enrolment_id, newest.data.sessions_attended, newest.sequence) == (enrolment_id, 3, 4)


async def test_who_left_is_not_decided_by_later_sheets(world: World) -> None:
    class_id = await world.schedule()
    leaver, dead = await world.people(2)
    left, died = await world.enrol(class_id, leaver), await world.enrol(class_id, dead)
    withdrawal = {"occurred_on": "2023-10-26", "reason": "illness"} | LATE
    await made(world.petugas, f"/enrolments/{left}/withdraw", **withdrawal)
    await world.training.deliver(corrected(dead, "deceased"), sequence=2)
    await world.attend(class_id, [everybody(left, died)] * 4)
    ended = await world.training.published(CourseNotCompletedV1, CourseCompletedV1)
    assert [event.data.reason.value for event in ended] == ["withdrew", "deceased"]
