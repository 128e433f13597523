"""Ten families are empowered and proposed for graduation; the owner of PKH and sembako ends nine and keeps one."""

from datetime import date
from typing import Any, Final

from demo.officers import all_of
from demo.people import GRADUATION_COUNT, graduates
from demo.waiting import until
from demo.world import Show, World, on

TITLE = "Ten graduations proposed, nine confirmed, one refused"

_CONFIRMED_ON: Final = date(2024, 6, 10)
_PROPOSED_ON: Final = date(2024, 6, 12)
_ANSWERED_ON: Final = date(2024, 6, 20)
_ENDED_ON: Final = date(2024, 7, 1)
_EXPECTED: Final = {"graduated": GRADUATION_COUNT - 1, "refused": 1}


async def play(world: World, show: Show) -> None:
    """Confirm, propose, answer, wait for the end."""
    await all_of(await _empowerments(world, "candidate"), lambda found: _confirm(world, found))
    confirmed = await _empowerments(world, "confirmed")
    world.figures.compare(TITLE, "empowered", len(confirmed), GRADUATION_COUNT)
    await all_of(confirmed, lambda found: _propose(world, found))
    show(1, 3)
    answered = {found["graduation_id"] for found in await _graduations(world) if found["state"] in _EXPECTED}
    if len(answered) < GRADUATION_COUNT:
        requests = await until(
            lambda: _requests(world),
            lambda found: len(found) + len(answered) >= GRADUATION_COUNT,
            what="ten requests at the owner of the assistance",
        )
        await all_of(requests, lambda request: _answer(world, request))
    show(2, 3)
    ended = await until(
        lambda: _graduations(world),
        lambda found: sum(one["state"] in _EXPECTED for one in found) >= GRADUATION_COUNT,
        what="ten graduations answered",
    )
    show(3, 3)
    world.notes["graduated_ids"] = [one["person_id"] for one in ended if one["state"] == "graduated"]
    states = {state: sum(one["state"] == state for one in ended) for state in _EXPECTED}
    world.figures.compare(TITLE, "graduations by answer", states, _EXPECTED)
    schemes = {tuple(sorted(one["schemes"])) for one in ended if one["state"] == "graduated"}
    world.figures.compare(TITLE, "assistance ended", sorted(schemes), [("pkh", "sembako")])


async def _empowerments(world: World, state: str) -> list[dict[str, Any]]:
    query = {"programme_id": str(world.programme_id), "state": state}
    return await world.staff.verifikator.get_all("followup", "/empowerments", **query)


async def _confirm(world: World, found: dict[str, Any]) -> None:
    body = {"version": found["version"], **on(_CONFIRMED_ON)}
    await world.staff.verifikator.post("followup", f"/empowerments/{found['empowerment_id']}/confirm", body)


async def _propose(world: World, found: dict[str, Any]) -> None:
    await world.staff.petugas.post("followup", "/graduations", {"plan_id": found["plan_id"], **on(_PROPOSED_ON)})


async def _graduations(world: World) -> list[dict[str, Any]]:
    return await world.staff.petugas.get_all("followup", "/graduations", programme_id=str(world.programme_id))


async def _requests(world: World) -> list[dict[str, Any]]:
    found = await world.staff.bansos_petugas.get_all("registry", "/assistance/requests", state="open")
    return [request for request in found if request["programme_id"] == str(world.programme_id)]


async def _answer(world: World, request: dict[str, Any]) -> None:
    staff, path = world.staff, f"/assistance/requests/{request['graduation_id']}"
    kept = request["person_id"] == str(world.id_of(graduates()[-1]))
    wish = (
        {"answer": "refuse", "refusal_reason": "vulnerable_member"}
        if kept
        else {"answer": "end", "ended_on": _ENDED_ON.isoformat()}
    )
    await staff.bansos_petugas.post("registry", f"{path}/answer", {**wish, **on(_ANSWERED_ON)})
    (proposed,) = [one for one in await _requests(world) if one["graduation_id"] == request["graduation_id"]]
    await staff.bansos_verifikator.post("registry", f"{path}/approve", {"version": proposed["version"]})
