"""After the handover: visits, corrections of personal data, graduations, deaths."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from demo.crowd.acts import batches
from demo.crowd.handing import hand_over
from demo.crowd.people import Somebody, Way
from demo.crowd.wave import HANDED, LATE, Wave

VISITS_COUNT: Final = 6
"""Visits that the first schedule of follow-up plans."""
LIST_SIZE: Final = 200
LAST_VISIT: Final = 5
"""Days ago."""
UNDER_WAY: Final = frozenset({"queued", "sending", "sent", "listed"})


async def serve(wave: Wave) -> None:
    """The whole way of a wave; returns when the officers have nothing left to do."""
    await wave.prepare()
    await asyncio.gather(hand_over(wave), correct_data(wave))
    await mentor(wave)
    await graduate(wave)
    await settle_messages(wave)
    await bury(wave)


async def correct_data(wave: Wave) -> None:
    """A mended telephone number, a mended NIK."""
    mended = [somebody for somebody in wave.people if somebody.way in (Way.PHONE, Way.NIK)]
    await wave.each(mended, lambda somebody: _mend(wave, somebody))


async def _mend(wave: Wave, somebody: Somebody) -> None:
    if somebody.way is Way.PHONE:
        await _correct(wave, somebody, "phone", somebody.new_phone, "number_changed")
    else:
        await _correct(wave, somebody, "nik", somebody.right_nik, "typing_error")


async def _correct(wave: Wave, somebody: Somebody, field: str, value: str, reason: str) -> None:
    person = wave.ids[somebody]
    body = {
        "field": field,
        "new_value": value,
        "reason": reason,
        "evidence_reference": f"SK/{somebody.number}",
        **wave.calendar.on(LAST_VISIT),
    }
    path = f"/people/{person}/corrections"
    correction_id = await wave.act("correction_proposed", wave.petugas, "registry", path, body)
    path = f"/corrections/{correction_id}/approve"
    version = {"version": 1}
    await wave.act("corrected", wave.verifikator, "registry", path, version, people=[person], field=field)


async def mentor(wave: Wave) -> None:
    """The first visit to every second family, all six to those who do well."""
    wave.step = "mentor"
    await wave.until(lambda: _active_plans(wave), lambda count: count == len(wave.recipients), "all planned")
    found = await wave.clerk.get_all(wave.petugas, "followup", "/plans", programme_id=wave.programme_id)
    plans = {plan["person_id"]: plan["plan_id"] for plan in found}
    well, recipients = set(wave.of(Way.GRADUATES)), wave.recipients
    rows = [_visit(wave, plans[person], number) for person in sorted(well) for number in range(1, VISITS_COUNT + 1)]
    people = [person for person in sorted(well) for _ in range(VISITS_COUNT)]
    once = [person for person in recipients[::2] if person not in well]
    rows += [_visit(wave, plans[person], 1) for person in once]
    wanted = list(zip([*people, *once], rows, strict=True))
    # A family's visits stay in one list: lists go in parallel, visits in the order of their numbers.
    size = LIST_SIZE - LIST_SIZE % VISITS_COUNT
    await wave.each(batches(wanted, size), lambda some: _record(wave, some))


async def _active_plans(wave: Wave) -> int:
    summary = await wave.clerk.get(wave.petugas, "followup", "/summary", programme_id=wave.programme_id)
    return int(summary["plans"].get("active", 0))


def _visit(wave: Wave, plan_id: str, number: int) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "visit_number": number,
        "occurred_on": wave.calendar.day(HANDED - 5 * number),
        "late_entry_reason": LATE,
        "monthly_turnover_rupiah": 2_000_000 + 400_000 * number,
        "monthly_income_rupiah": 1_200_000 + 600_000 * number,
        "family_working_hours": 40,
        "asset_state": "grown",
        **({"baseline_income_rupiah": 1_000_000} if number == 1 else {}),
    }


async def _record(wave: Wave, some: Sequence[tuple[str, dict[str, Any]]]) -> None:
    people = [person for person, _ in some]
    body = {"visits": [row for _, row in some]}
    list_id = await wave.act("visited", wave.mentor, "followup", "/visit-lists", body, people=people)
    rows = (await wave.clerk.get(wave.mentor, "followup", f"/visit-lists/{list_id}"))["rows"]
    refused = {row["refusal"] for row in rows if row["refusal"]}
    assert not refused, f"{wave.name}: visits were refused for {sorted(refused)}"


async def graduate(wave: Wave) -> None:
    """Confirmed, proposed, and the assistance ended by its owner with a second officer."""
    wave.step = "graduate"
    wanted = len(wave.of(Way.GRADUATES))
    query = {"programme_id": wave.programme_id, "state": "candidate"}
    found = await wave.until(
        lambda: wave.clerk.get_all(wave.verifikator, "followup", "/empowerments", **query),
        lambda items: len(items) == wanted,
        "candidates",
    )
    await wave.each(found, lambda candidate: _propose(wave, candidate))
    requests = await wave.until(lambda: _requests(wave), lambda items: len(items) == wanted, "asked their owner")
    await wave.each(requests, lambda request: _answer(wave, request))
    await wave.until(lambda: _graduated(wave), lambda count: count == wanted, "graduated")


async def _propose(wave: Wave, candidate: dict[str, Any]) -> None:
    people, on = [candidate["person_id"]], wave.calendar.on(LAST_VISIT)
    body = {"version": candidate["version"], **on}
    path = f"/empowerments/{candidate['empowerment_id']}/confirm"
    await wave.act("empowered", wave.verifikator, "followup", path, body, people=people)
    wanted = {"plan_id": candidate["plan_id"], **on}
    await wave.act("graduation_proposed", wave.petugas, "followup", "/graduations", wanted, people=people)


async def _requests(wave: Wave) -> list[dict[str, Any]]:
    found = await wave.clerk.get_all(wave.petugas, "registry", "/assistance/requests", state="open")
    return [request for request in found if request["programme_id"] == wave.programme_id]


async def _answer(wave: Wave, request: dict[str, Any]) -> None:
    path, people = f"/assistance/requests/{request['graduation_id']}", [request["person_id"]]
    body = {"answer": "end", "ended_on": wave.calendar.day(LAST_VISIT), **wave.calendar.on(LAST_VISIT)}
    await wave.act("end_answered", wave.petugas, "registry", f"{path}/answer", body)
    version = next(
        each["version"] for each in await _requests(wave) if each["graduation_id"] == request["graduation_id"]
    )
    approval = {"version": version}
    await wave.act("assistance_ended", wave.verifikator, "registry", f"{path}/approve", approval, people=people)


async def _graduated(wave: Wave) -> int:
    query = {"programme_id": wave.programme_id}
    found = await wave.clerk.get_all(wave.petugas, "followup", "/graduations", **query)
    return sum(each["state"] == "graduated" for each in found)


async def settle_messages(wave: Wave) -> None:
    """Wait until every message reached its end: who dies afterwards was told everything before."""
    wave.step = "settle_messages"
    expected = len(wave.people) + 2 * len(wave.recipients) + len(wave.of(Way.GRADUATES))
    expected += len(wave.of(Way.MISSED)) + 2 * len(wave.of(Way.VOIDED))

    async def counts() -> tuple[int, int]:
        query = {"programme_id": wave.programme_id}
        found = await wave.clerk.get(wave.petugas, "notifications", "/message-counts", **query)
        under_way = sum(each["count"] for each in found if each["state"] in UNDER_WAY)
        return sum(each["count"] for each in found), under_way

    await wave.until(counts, lambda found: found == (expected, 0), f"{expected} messages settled")


async def bury(wave: Wave) -> None:
    """Deaths: mentoring stops."""
    wave.step = "bury"
    dead = [somebody for somebody in wave.people if somebody.way is Way.DIES]
    await wave.each(dead, lambda somebody: _correct(wave, somebody, "status", "deceased", "died"))
