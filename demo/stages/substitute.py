"""Six places fall free. The first of the reserve list takes one, and Dinas Koperasi's report stops the double aid."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from demo.people import Part, Person, people, recipients, reserve
from demo.stages.allocate import grants_of
from demo.waiting import until
from demo.world import LATE, Show, World, on

TITLE = "Six released, a substitute stopped by double aid"

_SUBSTITUTED_ON: Final = date(2023, 11, 20)
_GIVEN_ON: Final = date(2023, 9, 4)
_GIVEN_RUPIAH: Final = 2_500_000
_ENDED: Final = frozenset({"released"})


async def play(world: World, show: Show) -> None:
    """Wait for confirmation and release, substitute, let Dinas Koperasi report what it gave."""
    settled = await until(
        lambda: grants_of(world),
        lambda found: _count(found, "conditional", own=True) == 0,
        what="every allocation confirmed or released",
        seen=lambda found: show(len(found) - _count(found, "conditional"), len(found)),
    )
    _compare_settled(world, settled)
    person = reserve()[0]
    if not any(grant["from_reserve_list"] and grant["state"] in _ENDED for grant in settled):
        # Dinas Koperasi's own record, known before: its process reports as soon as it hears of the allocation.
        await _record_aid_given(world, person)
    substitute = await _substitute(world)
    stopped = await until(
        lambda: world.staff.petugas.get("disbursement", f"/grants/{substitute}"),
        lambda grant: grant["state"] in _ENDED,
        what="the substitute's allocation released for double aid",
    )
    compare = world.figures.compare
    compare(TITLE, "the substitute comes from the reserve list", stopped["from_reserve_list"], True)
    compare(TITLE, "the substitute is the first of the list", stopped["person_id"], str(world.id_of(person)))
    compare(TITLE, "the substitute was stopped for", stopped["ended_reason"], "double_aid")


def _count(grants: list[dict[str, Any]], state: str, *, own: bool = False) -> int:
    return sum(grant["state"] == state and not (own and grant["from_reserve_list"]) for grant in grants)


def _compare_settled(world: World, grants: list[dict[str, Any]]) -> None:
    own = [grant for grant in grants if not grant["from_reserve_list"]]
    released = [grant for grant in own if grant["state"] in _ENDED]
    gone = {str(world.id_of(one)) for one in people() if one.part in (Part.WITHDRAWS, Part.FALLS_SHORT)}
    compare = world.figures.compare
    compare(TITLE, "confirmed", len(own) - len(released), len(recipients()))
    compare(TITLE, "released", len(released), len(gone))
    compare(TITLE, "released are those who did not complete", {grant["person_id"] for grant in released} == gone, True)


async def _record_aid_given(world: World, person: Person) -> None:
    await world.partners["dinas-koperasi"].order(
        nik=person.nik,
        region_code=person.village.code,
        package_code="gerobak-usaha",
        amount_rupiah=_GIVEN_RUPIAH,
        occurred_on=_GIVEN_ON,
        late_entry_reason=LATE,
    )


async def _substitute(world: World) -> UUID:
    freed = next(person for person in people() if person.part is Part.WITHDRAWS)
    body = on(_SUBSTITUTED_ON)
    return await world.staff.petugas.post("disbursement", f"/grants/{world.grant_of(freed)}/substitute", body)
