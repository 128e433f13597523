"""One proposal of 298, checked by a verifier, signed by the head of office: the decree."""

from datetime import date
from typing import Any, Final

from demo import programme
from demo.people import recipients
from demo.stages.allocate import grants_of
from demo.waiting import until
from demo.world import Show, World, on

TITLE = "Proposed, checked, decreed"

_PROPOSED_ON: Final = date(2023, 11, 20)
_DECIDED_ON: Final = date(2023, 11, 21)


async def play(world: World, show: Show) -> None:
    """Three officers, each on the version the one before left behind."""
    staff, wanted = world.staff, len(recipients())
    body = {"programme_id": str(world.programme_id), **on(_PROPOSED_ON)}
    proposal_id = await staff.petugas.post("disbursement", "/proposals", body)
    path = f"/proposals/{proposal_id}"

    async def ask() -> dict[str, Any]:
        found: dict[str, Any] = await staff.verifikator.get("disbursement", path)
        return found

    proposal = await until(ask, lambda found: found["state"] != "collecting", what="the proposal is submitted")
    show(1, 3)
    if proposal["state"] == "submitted":
        checked = {"version": proposal["version"], **on(_PROPOSED_ON)}
        await staff.verifikator.post("disbursement", f"{path}/check", checked)
        proposal = await ask()
    show(2, 3)
    world.figures.compare(TITLE, "lines of the proposal", proposal["lines_count"], wanted)
    if proposal["state"] == "checked":
        decree = {
            "proposal_id": str(proposal_id),
            "version": proposal["version"],
            "number": programme.DECREE_NUMBER,
            "annex_reference": "Lampiran I",
            **on(_DECIDED_ON),
        }
        await staff.penetap.post("disbursement", "/decrees", decree)
    decided = await until(lambda: _decided(world), lambda count: count >= wanted, what="298 grants decided")
    show(3, 3)
    world.figures.compare(TITLE, "named by the decree", decided, wanted)


async def _decided(world: World) -> int:
    return sum(grant["state"] in ("decided", "handed_over") for grant in await grants_of(world))
