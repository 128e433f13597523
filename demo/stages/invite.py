"""Sessions are planned, the 298 invited by SMS; the eleven without a working phone stand on printed lists."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from demo.handover import Place, places, sessions
from demo.officers import Officer, all_of
from demo.people import WITHOUT_PHONE_COUNT, people, recipients
from demo.waiting import until
from demo.world import Show, World, on

TITLE = "Invited by SMS, eleven by printed list"

_PLANNED_ON: Final = date(2023, 11, 21)
_TOLD_ON: Final = date(2023, 11, 21)
TRAINING: Final = "training-invitation"
HANDOVER: Final = "handover-invitation"
_ON_PAPER: Final = ("listed", "acknowledged")


async def play(world: World, show: Show) -> None:
    """Plan the sessions, invite, wait for the printed lists, let village heads and mentors tell people."""
    ids = await all_of(places().values(), lambda place: plan_session(world, place))
    world.sessions |= dict(zip(places(), ids, strict=True))
    await all_of(sessions(), lambda code: _invite(world, code))
    wanted = len(recipients())
    await until(
        lambda: _messages(world, HANDOVER),
        lambda found: len(found) >= wanted and _count(found) == WITHOUT_PHONE_COUNT,
        what="eleven handover invitations on printed lists",
        seen=lambda found: show(sum(one["state"] not in ("queued", "sending") for one in found), wanted),
        timeout_seconds=90,
    )
    await until(
        lambda: _messages(world, TRAINING),
        lambda found: _count(found) == WITHOUT_PHONE_COUNT,
        what="eleven training invitations on printed lists",
    )
    await _acknowledge_lists(world)
    await _compare(world)


async def plan_session(world: World, place: Place) -> UUID:
    """Plan a handover session; its id."""
    body = {
        "programme_id": str(world.programme_id),
        "held_on": place.held_on.isoformat(),
        "place_code": place.code,
        "place_name": place.name,
        "region_code": place.region_code,
        "symbolic": place.symbolic,
        **on(_PLANNED_ON),
    }
    return await world.staff.petugas.post("disbursement", "/handover-sessions", body)


async def _invite(world: World, code: str) -> None:
    body = {"grant_ids": [str(world.grant_of(person)) for person in sessions()[code]], **on(_PLANNED_ON)}
    await world.staff.petugas.post("disbursement", f"/handover-sessions/{world.sessions[code]}/recipients", body)


async def _messages(world: World, template: str) -> list[dict[str, Any]]:
    query = {"template_code": template, "programme_id": str(world.programme_id)}
    return await world.staff.petugas.get_all("notifications", "/messages", **query)


def _count(messages: list[dict[str, Any]]) -> int:
    return sum(message["state"] in _ON_PAPER for message in messages)


async def _acknowledge_lists(world: World) -> None:
    query = {"state": "open", "programme_id": str(world.programme_id)}
    lists = await world.staff.petugas.get_all("notifications", "/lists", **query)
    for printed in lists:
        teller = _teller(world, printed["region_code"])
        body = {"version": printed["version"], **on(_TOLD_ON)}
        await teller.post("notifications", f"/lists/{printed['id']}/acknowledgement", body)


def _teller(world: World, region_code: str) -> Officer:
    """Who goes there: the village head in a village, the mentor of the kecamatan elsewhere."""
    if region_code.count(".") == 3:
        return world.office.officer(f"kepala-desa.{region_code}", "kepala-desa", agency="desa", region=region_code)
    return world.staff.pendamping[region_code]


async def _compare(world: World) -> None:
    unreachable = {str(world.id_of(person)) for person in people() if not person.reachable}
    for template in (TRAINING, HANDOVER):
        told = {one["person_id"] for one in await _messages(world, template) if one["state"] == "acknowledged"}
        world.figures.compare(TITLE, f"{template}: told in person", len(told), WITHOUT_PHONE_COUNT)
        world.figures.compare(TITLE, f"{template}: the ones without a phone", told == unreachable, True)
