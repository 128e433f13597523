"""298 packages handed over: the ceremony of 22 November, the offices, the villages; one no-show, one wrong item."""

from collections import Counter
from datetime import date
from typing import Any, Final
from uuid import UUID

from demo.handover import (
    CEREMONY,
    REPEATED_ON,
    Place,
    no_show,
    places,
    repeated_place,
    sessions,
    symbolic_recipients,
    wrongly_served,
)
from demo.officers import all_of
from demo.people import Person, recipients
from demo.stages.allocate import grants_of
from demo.stages.invite import plan_session
from demo.world import Show, World, on

TITLE = "Handed over: 299 BAST numbers, one of them void"

_OFFICIAL: Final = {"first_party_name": "Pejabat Contoh", "first_party_position": "Kepala Dinas Sosial"}
"""Fictitious."""
_VOIDED_ON: Final = date(2023, 11, 30)


async def play(world: World, show: Show) -> None:
    """Session by session; then the no-show and the wrong item are put right."""
    # The ceremony first: its BAST have the lowest numbers.
    order = sorted(places().values(), key=lambda place: (place.held_on, place.code))
    absent, served = no_show(), 0
    for place in order:
        present = [person for person in sessions()[place.code] if person != absent]
        served += await _serve(world, place, world.sessions[place.code], present)
        show(served, len(recipients()))
    await _repeat_for_no_show(world, absent)
    await _replace_wrong_item(world, wrongly_served())
    show(len(recipients()), len(recipients()))
    await _close_sessions(world, order)
    await _compare(world)


async def _serve(world: World, place: Place, session_id: UUID, present: list[Person]) -> int:
    """Hand over to everybody of a list; the number served. Their grants stay closed when it is done again."""
    body = {
        "session_id": str(session_id),
        "receipts": [{"grant_id": str(world.grant_of(person))} for person in present],
        "signing": _signing(place),
        **on(place.held_on),
    }
    list_id = await world.staff.petugas.post("disbursement", "/handover-lists", body)
    outcome = await world.staff.petugas.get("disbursement", f"/handover-lists/{list_id}")
    refusals = Counter(line["refusal"] for line in outcome["lines"] if line["refusal"])
    world.figures.compare(TITLE, f"refused at {place.name}", dict(refusals), {})
    return len(outcome["lines"]) - sum(refusals.values())


def _signing(place: Place) -> dict[str, str]:
    position = place.witness.rsplit(" ", 1)[0] if place.witness.startswith("Camat") else "Kepala Desa"
    return {**_OFFICIAL, "witness_name": f"{place.witness} (contoh)", "witness_position": position}


async def _repeat_for_no_show(world: World, absent: Person) -> None:
    petugas = world.staff.petugas
    first = next(place for place in places().values() if absent in sessions()[place.code])
    missed = {"grant_ids": [str(world.grant_of(absent))], **on(first.held_on)}
    await petugas.post("disbursement", f"/handover-sessions/{world.sessions[first.code]}/missed", missed)
    again = repeated_place()
    world.sessions[again.code] = await plan_session(world, again)
    invitation = {"grant_ids": [str(world.grant_of(absent))], **on(first.held_on)}
    await petugas.post("disbursement", f"/handover-sessions/{world.sessions[again.code]}/recipients", invitation)
    await _serve(world, again, world.sessions[again.code], [absent])


async def _replace_wrong_item(world: World, person: Person) -> None:
    """The box held another item than the BAST says: void it, take the goods back, hand over anew."""
    petugas, verifikator = world.staff.petugas, world.staff.verifikator
    grant_id = str(world.grant_of(person))
    place = next(place for place in places().values() if person in sessions()[place.code])
    basts = await _basts(world)
    first = min((one for one in basts if one["grant_id"] == grant_id), key=lambda one: str(one["number"]))
    request = {"reason": "wrong_item", "goods": "back_in_stock", **on(_VOIDED_ON)}
    void_id = await petugas.post("disbursement", f"/basts/{first['id']}/voids", request)
    approval = {"approved": True, **on(_VOIDED_ON)}
    await verifikator.post("disbursement", f"/bast-voids/{void_id}/answer", approval)
    receipt = {"grant_id": grant_id}
    again = {"session_id": str(world.sessions[place.code]), "receipt": receipt, "signing": _signing(place)}
    await petugas.post("disbursement", "/handovers", {**again, **on(REPEATED_ON)})


async def _close_sessions(world: World, order: list[Place]) -> None:
    codes = [*(place.code for place in order), repeated_place().code]
    close = on(REPEATED_ON)
    await all_of(
        codes,
        lambda code: world.staff.petugas.post(
            "disbursement", f"/handover-sessions/{world.sessions[code]}/close", close
        ),
    )


async def _basts(world: World) -> list[dict[str, Any]]:
    return await world.staff.petugas.get_all("disbursement", "/basts", programme_id=str(world.programme_id))


async def _compare(world: World) -> None:
    basts = await _basts(world)
    states = Counter(bast["state"] for bast in basts)
    grants = await grants_of(world)
    world.notes["grant_states"] = {grant["person_id"]: grant["state"] for grant in grants}
    handed = [grant for grant in grants if grant["state"] == "handed_over"]
    ceremony = [bast for bast in basts if bast["session_id"] == str(world.sessions[CEREMONY])]
    compare = world.figures.compare
    compare(TITLE, "BAST numbers", len({bast["number"] for bast in basts}), len(recipients()) + 1)
    compare(TITLE, "BAST by state", dict(states), {"valid": len(recipients()), "void": 1})
    compare(TITLE, "handed over", len(handed), len(recipients()))
    compare(TITLE, "symbolic recipients at the ceremony", len(ceremony), len(symbolic_recipients()))
    replaced = [bast for bast in basts if bast["replaces_bast_id"]]
    compare(TITLE, "BAST that replace a void one", len(replaced), 1)
