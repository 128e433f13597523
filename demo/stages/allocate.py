"""Packages are set aside for all enrolled, on condition that they complete; goods are bought meanwhile."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from demo import programme
from demo.calendar import COURSES
from demo.people import ENROLLED_COUNTS, reserve
from demo.waiting import until
from demo.world import Show, World, on

TITLE = "Packages set aside, reserve list kept"

_ALLOCATED_ON: Final = date(2023, 10, 18)
_BOUGHT_ON: Final = date(2023, 11, 17)


async def play(world: World, show: Show) -> None:
    """Wait until disbursement knows the 304, allocate, add the reserve list, buy 298 packages."""
    petugas = world.staff.petugas
    wanted = sum(ENROLLED_COUNTS.values())
    candidates = [
        {"person_id": str(world.id_of(person)), "package_code": programme.PACKAGE_CODES[person.course_code]}
        for person in reserve()
    ]
    reserve_body = {"candidates": candidates, **on(_ALLOCATED_ON)}
    await petugas.post("disbursement", f"/programmes/{world.programme_id}/reserve-candidates", reserve_body)
    attempts = 0

    async def allocated() -> list[dict[str, Any]]:
        # The job reaches whom disbursement knows by now; again for those whose events were still on the way.
        nonlocal attempts
        grants = await grants_of(world)
        if len(grants) < wanted and attempts % 8 == 0:
            body = on(_ALLOCATED_ON)
            path = f"/programmes/{world.programme_id}/allocations"
            await petugas.post("disbursement", path, body, mark=f"{len(grants)}/{attempts}")
        attempts += 1
        return grants

    grants = await until(
        allocated,
        lambda found: len(found) >= wanted,
        what="304 packages set aside",
        seen=lambda found: show(len(found), wanted),
    )
    world.grant_ids = {UUID(grant["person_id"]): UUID(grant["id"]) for grant in grants}
    await _buy(world)
    compare = world.figures.compare
    compare(TITLE, "set aside by course", _by_course(grants), ENROLLED_COUNTS)
    compare(TITLE, "on the reserve list", len(candidates), 4)


async def grants_of(world: World, **query: str) -> list[dict[str, Any]]:
    """All grants of the programme."""
    return await world.staff.petugas.get_all("disbursement", "/grants", programme_id=str(world.programme_id), **query)


async def _buy(world: World) -> None:
    for number, course in enumerate(COURSES, start=1):
        body = {
            "programme_id": str(world.programme_id),
            "package_code": programme.PACKAGE_CODES[course],
            "count": programme.RECIPIENTS[course],
            "unit_price_rupiah": programme.price_rupiah(course),
            "document_number": f"027/{number}/XI/2023",
            **on(_BOUGHT_ON),
        }
        await world.staff.petugas.post("disbursement", "/purchases", body)


def _by_course(grants: list[dict[str, Any]]) -> dict[str, int]:
    courses = {package: course for course, package in programme.PACKAGE_CODES.items()}
    counted = dict.fromkeys(COURSES, 0)
    for grant in grants:
        counted[courses[grant["package_code"]]] += not grant["from_reserve_list"]
    return counted
