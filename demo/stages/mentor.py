"""Mentors visit every family each month for half a year and write down what they find."""

from collections import Counter
from typing import Any, Final
from uuid import UUID

from demo.officers import all_of
from demo.outcomes import VISITS_COUNT, outcome
from demo.people import Person, graduates, people, recipients
from demo.waiting import until
from demo.world import LATE, Show, World

TITLE = "Monthly visits for half a year"

_ROWS_PER_LIST: Final = 50


async def play(world: World, show: Show) -> None:
    """Wait for the plans, record all visits month by month, look at who meets the rule."""
    wanted = len(recipients())
    plans = await until(
        lambda: _plans(world),
        lambda found: len(found) == wanted and all(plan["state"] == "active" for plan in found.values()),
        what="298 active mentoring plans",
    )
    recorded = sum(visit["recorded_by"] is not None for plan in plans.values() for visit in plan["visits"])
    refusals: Counter[str] = Counter()
    for month in range(1, VISITS_COUNT + 1):
        for found in await all_of(_lists(world, plans, month), lambda each: _record(world, *each)):
            refusals += found
        recorded = min(recorded + wanted, wanted * VISITS_COUNT)
        show(recorded, wanted * VISITS_COUNT)
    summary = await world.staff.petugas.get("followup", "/summary", programme_id=str(world.programme_id))
    compare = world.figures.compare
    compare(TITLE, "mentoring plans", summary["plans"], {"active": wanted})
    compare(TITLE, "visits recorded", summary["visits"]["recorded"], wanted * VISITS_COUNT)
    compare(TITLE, "visits refused", dict(refusals), {})
    judged = sum(count for state, count in summary["empowerments"].items() if state in ("candidate", "confirmed"))
    compare(TITLE, "families that meet the rule of empowerment", judged, len(graduates()))


async def _plans(world: World) -> dict[UUID, dict[str, Any]]:
    query = {"programme_id": str(world.programme_id)}
    found = await world.staff.petugas.get_all("followup", "/plans", **query)
    return {UUID(plan["person_id"]): plan for plan in found}


def _lists(world: World, plans: dict[UUID, dict[str, Any]], month: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """The visits of a month that are not recorded yet, in lists of one mentor each."""
    by_mentor: dict[str, list[dict[str, Any]]] = {code: [] for code in world.staff.pendamping}
    for number, person in enumerate(people()):
        plan = plans.get(world.id_of(person))
        visit = plan["visits"][month - 1] if plan else None
        if plan and visit and visit["occurred_on"] is None:
            by_mentor[person.village.kecamatan_code].append(_row(plan, visit, person, number))
    return [
        (code, rows[start : start + _ROWS_PER_LIST])
        for code, rows in by_mentor.items()
        for start in range(0, len(rows), _ROWS_PER_LIST)
    ]


def _row(plan: dict[str, Any], visit: dict[str, Any], person: Person, number: int) -> dict[str, Any]:
    return {
        "plan_id": plan["plan_id"],
        "visit_number": visit["visit_number"],
        "occurred_on": visit["due_on"],
        "late_entry_reason": LATE,
        **outcome(person, number, visit["visit_number"]),
    }


async def _record(world: World, kecamatan_code: str, rows: list[dict[str, Any]]) -> Counter[str]:
    mentor = world.staff.pendamping[kecamatan_code]
    list_id = await mentor.post("followup", "/visit-lists", {"visits": rows})
    found = await mentor.get("followup", f"/visit-lists/{list_id}")
    return Counter(row["refusal"] for row in found["rows"] if row["refusal"])
