"""From the decree to the package in a family's hands, with those who did not come and those who got the wrong one."""

from collections.abc import Sequence
from typing import Any, Final

from demo.crowd.acts import batches
from demo.crowd.people import Way
from demo.crowd.wave import DECIDED, HANDED, PACKAGE, PRICE_RUPIAH, Wave

LIST_SIZE: Final = 250
INVITED: Final = 45
"""Days ago."""
SIGNING: Final = {
    "first_party_name": "Pejabat Contoh",
    "first_party_position": "Kepala Dinas",
    "witness_name": "Saksi Contoh",
    "witness_position": "Kepala Desa",
}


async def hand_over(wave: Wave) -> None:
    """Goods bought; a session for all; a second one for who missed the first or got the wrong package."""
    wave.step = "hand_over"
    missed, voided = wave.of(Way.MISSED), wave.of(Way.VOIDED)
    first = await invite_all(wave)
    basts = await _serve(wave, first, sorted(set(wave.recipients) - set(missed)))
    if missed:
        body = {"grant_ids": [wave.grants[each] for each in missed], **wave.calendar.on(HANDED)}
        path = f"/handover-sessions/{first}/missed"
        await wave.act("missed", wave.petugas, "disbursement", path, body, people=missed)
    await wave.each(voided, lambda person: _void(wave, person, basts[wave.grants[person]]))
    if again := [*missed, *voided]:
        second = await _session(wave, "kedua")
        await _invite(wave, second, again)
        await _serve(wave, second, again)
    await wave.counted("handed over", handed_over=len(wave.recipients))


async def invite_all(wave: Wave) -> str:
    """Buy the goods and invite every recipient to a session; its id."""
    await _buy(wave)
    session_id = await _session(wave, "pertama")
    await _invite(wave, session_id, wave.recipients)
    return session_id


async def _buy(wave: Wave) -> None:
    count = len(wave.recipients)
    body = {
        "programme_id": wave.programme_id,
        "package_code": PACKAGE,
        "count": count,
        "unit_price_rupiah": PRICE_RUPIAH,
        "document_number": f"027/{wave.name.upper()}/2026",
        **wave.calendar.on(DECIDED),
    }
    await wave.act("bought", wave.petugas, "disbursement", "/purchases", body, count=count)


async def _session(wave: Wave, which: str) -> str:
    body = {
        "programme_id": wave.programme_id,
        "held_on": wave.calendar.day(HANDED),
        "place_code": f"balai-{which}",
        "place_name": f"Balai {which.capitalize()}",
        "region_code": wave.people[0].village_code,
        **wave.calendar.on(INVITED),
    }
    return await wave.act("session", wave.petugas, "disbursement", "/handover-sessions", body)


async def _invite(wave: Wave, session_id: str, people: Sequence[str]) -> None:
    path = f"/handover-sessions/{session_id}/recipients"

    async def invite(some: Sequence[str]) -> None:
        body = {"grant_ids": [wave.grants[each] for each in some], **wave.calendar.on(INVITED)}
        await wave.act("invited", wave.petugas, "disbursement", path, body, people=some)

    await wave.each(batches(people, LIST_SIZE), invite)


async def _serve(wave: Wave, session_id: str, people: Sequence[str]) -> dict[str, str]:
    """Hand over by list; BAST by grant."""
    basts: dict[str, str] = {}

    async def serve(some: Sequence[str]) -> None:
        receipts = [{"grant_id": wave.grants[each]} for each in some]
        body = {"session_id": session_id, "receipts": receipts, "signing": SIGNING, **wave.calendar.on(HANDED)}
        path = "/handover-lists"
        list_id = await wave.act("handed_over", wave.petugas, "disbursement", path, body, people=some)
        lines: list[dict[str, Any]] = (
            await wave.clerk.get(wave.petugas, "disbursement", f"/handover-lists/{list_id}")
        )["lines"]
        refused = {line["refusal"] for line in lines if line["refusal"]}
        assert not refused, f"{wave.name}: handovers were refused for {sorted(refused)}"
        basts.update({line["grant_id"]: line["bast_id"] for line in lines})

    await wave.each(batches(people, LIST_SIZE), serve)
    return basts


async def _void(wave: Wave, person: str, bast_id: str) -> None:
    on = wave.calendar.on(HANDED)
    body = {"reason": "wrong_item", "goods": "back_in_stock", **on}
    void_id = await wave.act("void_asked", wave.petugas, "disbursement", f"/basts/{bast_id}/voids", body)
    path = f"/bast-voids/{void_id}/answer"
    answer = {"approved": True, **on}
    await wave.act("voided", wave.verifikator, "disbursement", path, answer, people=[person])
