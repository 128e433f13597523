"""The P3KE list comes in: 320 rows, twelve refused, approved by a second officer, 308 people registered."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from demo.listfile import LIST_DATED_ON, LIST_SOURCE, LIST_VERSION, as_xlsx, refused_rows, rows
from demo.people import people
from demo.waiting import until
from demo.world import Show, World, on

TITLE = "List imported, checked, approved"

_APPROVED_ON: Final = date(2023, 10, 3)


async def play(world: World, show: Show) -> None:
    """Upload, read the report, approve, wait for the registration, find everybody's id."""
    petugas, verifikator = world.staff.petugas, world.staff.verifikator
    import_id = await petugas.post(
        "registry",
        "/imports",
        as_xlsx(),
        filename="p3ke-kab-tegal-2023.xlsx",
        list_source=LIST_SOURCE,
        list_version=LIST_VERSION,
        list_dated_on=LIST_DATED_ON.isoformat(),
    )
    found = await verifikator.get("registry", f"/imports/{import_id}")
    if found["state"] == "checked":
        approval = {"version": found["version"], **on(_APPROVED_ON)}
        await verifikator.post("registry", f"/imports/{import_id}/approve", approval)
    applied = await until(
        lambda: verifikator.get("registry", f"/imports/{import_id}"),
        lambda answer: bool(answer["state"] == "applied"),
        what="the list is applied",
        seen=lambda answer: show(answer["registered_count"], len(people())),
    )
    compare = world.figures.compare
    compare(TITLE, "rows", applied["rows_count"], len(rows()))
    compare(TITLE, "refused", applied["refused_count"], len(refused_rows()))
    compare(TITLE, "reasons", applied["findings_count"], dict.fromkeys(sorted(refused_rows()), 1))
    compare(TITLE, "registered", applied["registered_count"], len(people()))
    await _find_ids(world)
    compare(TITLE, "found by NIK", len(world.person_ids), len(people()))


async def _find_ids(world: World) -> None:
    niks = [person.nik for person in people()]
    question: dict[str, Any] = {"purpose": "enrolment", "niks": niks}
    answer = await world.staff.petugas.ask("registry", "/people/resolve", question)
    world.person_ids = {
        niks[item["position"]]: UUID(item["person_id"]) for item in answer["items"] if item["person_id"] is not None
    }
