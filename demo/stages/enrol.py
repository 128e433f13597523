"""Twelve classes on the calendar of S4; 304 people enrolled by list."""

from datetime import date
from typing import Final
from uuid import UUID, uuid4

from demo.calendar import CLASSES, COURSES, LARGEST_CLASS_SIZE, PlannedClass
from demo.errors import DemoError
from demo.officers import all_of
from demo.people import ENROLLED_COUNTS, people
from demo.waiting import until
from demo.world import Show, World, on

TITLE = "Classes scheduled, 304 enrolled"

_SCHEDULED_ON: Final = date(2023, 10, 9)
_ENROLLED_ON: Final = date(2023, 10, 16)


async def play(world: World, show: Show) -> None:
    """Schedule the classes and enrol each class's list."""
    ids = await all_of(CLASSES, lambda planned: _schedule(world, planned))
    world.class_ids = {planned.code: class_id for planned, class_id in zip(CLASSES, ids, strict=True)}
    enrolled = dict.fromkeys(COURSES, 0)
    for done, planned in enumerate(CLASSES, start=1):
        enrolled[planned.course_code] += await _enrol(world, planned)
        show(done, len(CLASSES))
    compare = world.figures.compare
    compare(TITLE, "classes", len(world.class_ids), 12)
    compare(TITLE, "enrolled by course", enrolled, ENROLLED_COUNTS)


async def _schedule(world: World, planned: PlannedClass) -> UUID:
    body = {
        "programme_id": str(world.programme_id),
        "course_code": planned.course_code,
        "provider_code": planned.provider_code,
        "place_region_code": planned.place_region_code,
        "capacity": LARGEST_CLASS_SIZE,
        "session_dates": [day.isoformat() for day in planned.days],
        **on(_SCHEDULED_ON),
    }
    # The first two cookery classes are alike to the letter, and so are both sewing classes.
    return await world.staff.petugas.post("training", "/classes", body, mark=planned.code)


async def _enrol(world: World, planned: PlannedClass) -> int:
    """Enrol the class's list and return how many hold a place.

    Whom the registry has not told training of yet is refused as unknown and listed again a moment later.
    """
    petugas = world.staff.petugas
    class_id = world.class_ids[planned.code]
    wanted = {str(world.person_ids[person.nik]) for person in people() if person.class_code == planned.code}

    async def attempt() -> set[str]:
        holding = await petugas.get_all("training", f"/classes/{class_id}/enrolments")
        missing = sorted(wanted - {item["person_id"] for item in holding})
        if missing:
            body = {"person_ids": missing, **on(_ENROLLED_ON)}
            # A mark of its own each time: the answer to an earlier list must not be repeated.
            list_id = await petugas.post("training", f"/classes/{class_id}/enrolment-lists", body, mark=str(uuid4()))
            rows = (await petugas.get("training", f"/enrolment-lists/{list_id}"))["rows"]
            refusals = {row["refusal"] for row in rows if row["refusal"]} - {"person-unknown", "person_unknown"}
            if refusals:
                raise DemoError(f"{planned.code}: enrolments were refused for {sorted(refusals)}")
            return {row["person_id"] for row in rows if row["refusal"]}
        return set()

    await until(attempt, lambda missing: not missing, what=f"everybody of {planned.code} enrolled")
    return len(wanted)
