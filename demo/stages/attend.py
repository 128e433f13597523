"""Providers send their attendance sheets from systems of their own, Dinsos verifies; 298 complete, six do not."""

from collections import Counter
from datetime import date
from typing import Any, Final

from demo.attendance import days_of, marks_on
from demo.calendar import CLASSES, COURSES, PROVIDERS
from demo.officers import all_of
from demo.people import ENROLLED_COUNTS, Part, Person, people
from demo.programme import RECIPIENTS
from demo.waiting import until
from demo.world import LATE, Show, World, on

TITLE = "Attendance sent by the providers, verified, courses completed"

_VERIFIED_ON: Final = date(2023, 11, 20)
_SHEETS_COUNT: Final = sum(len(planned.days) for planned in CLASSES)


async def play(world: World, show: Show) -> None:
    """Withdrawals, sheets day by day, verification class by class, outcomes."""
    await all_of([person for person in people() if person.part is Part.WITHDRAWS], lambda one: _withdraw(world, one))
    awaited = _SHEETS_COUNT - await _verified_count(world)
    for provider in sorted(set(PROVIDERS.values())) if awaited else ():
        await _send(world, provider)
    verified = await until(
        lambda: _verify(world),
        lambda count: count >= _SHEETS_COUNT,
        what="all sheets verified",
        seen=lambda count: show(count, _SHEETS_COUNT),
    )
    outcomes = [
        item for found in await all_of(CLASSES, lambda planned: _enrolments(world, planned.code)) for item in found
    ]
    _compare(world, verified, outcomes)


async def _withdraw(world: World, person: Person) -> None:
    petugas = world.staff.petugas
    planned = next(one for one in CLASSES if one.code == person.class_code)
    found = await petugas.get("training", f"/people/{world.id_of(person)}/enrolments")
    body = {"reason": "found_work", **on(planned.days[0])}
    await petugas.post("training", f"/enrolments/{found['items'][0]['id']}/withdraw", body)


async def _send(world: World, provider: str) -> None:
    """Let the provider's process send the sheets of each of its days."""
    courses = [course for course, teacher in PROVIDERS.items() if teacher == provider]
    own = [person for person in people() if person.course_code in courses and person.class_code]
    for day in days_of(provider):
        await world.partners[provider].order(
            until=day,
            enrolled_count=sum(ENROLLED_COUNTS[course] for course in courses),
            left_count=sum(person.part is Part.WITHDRAWS for person in own),
            marks={str(world.person_ids[nik]): mark for nik, mark in marks_on(day, provider).items()},
            late_entry_reason=LATE,
        )


async def _verify(world: World) -> int:
    """Verify every sheet that waits; the number verified so far."""
    verifikator = world.staff.verifikator
    waiting = await verifikator.get_all("training", "/sheets", state="reported")
    by_class: dict[str, list[dict[str, Any]]] = {}
    for sheet in waiting:
        by_class.setdefault(sheet["class_id"], []).append({"sheet_id": sheet["id"], "version": sheet["version"]})
    for class_id, seen in sorted(by_class.items()):
        body = {"sheets": seen, **on(_VERIFIED_ON)}
        await verifikator.post("training", f"/classes/{class_id}/sheet-verifications", body)
    return await _verified_count(world)


async def _verified_count(world: World) -> int:
    found = await world.staff.verifikator.get_all("training", "/classes", programme_id=str(world.programme_id))
    return sum(session["verified_sheet_id"] is not None for one in found for session in one["sessions"])


async def _enrolments(world: World, class_code: str) -> list[dict[str, Any]]:
    return await world.staff.verifikator.get_all("training", f"/classes/{world.class_ids[class_code]}/enrolments")


def _compare(world: World, verified: int, outcomes: list[dict[str, Any]]) -> None:
    completed = Counter(item["course_code"] for item in outcomes if item["status"] == "completed")
    reasons = Counter(item["reason"] for item in outcomes if item["status"] == "not_completed")
    world.notes["completed_ids"] = [item["person_id"] for item in outcomes if item["status"] == "completed"]
    compare = world.figures.compare
    compare(TITLE, "sheets verified", verified, _SHEETS_COUNT)
    compare(TITLE, "completed by course", {course: completed[course] for course in COURSES}, RECIPIENTS)
    compare(TITLE, "not completed by reason", dict(sorted(reasons.items())), {"attendance_short": 3, "withdrew": 3})
