"""Attendance sheets: sent or recorded, verified by a second officer, corrected."""

from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.ids import new_id
from contracts.training import CourseCompletedV1
from tests.training.builders import (
    AFTERWARDS,
    LATE,
    PROVIDER,
    World,
    checked,
    enrolled,
    everybody,
    made,
    refused,
    registered,
    reported,
    sheet_of,
)


async def test_four_eyes_and_the_version_seen(world: World) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    sheet_id = await world.report(class_id, (await world.sessions(class_id))[0], everybody(enrolment_id))
    path = f"/sheets/{sheet_id}/verify"
    assert await refused(world.petugas, path, **checked()) == (409, "same-person")
    assert await refused(world.verifikator, path, **checked(version=2)) == (409, "stale-sheet")
    early = checked() | {"occurred_on": "2023-10-24"}
    assert await refused(world.verifikator, path, **early) == (409, "session-not-held-yet")
    second = world.training.as_(Role.PETUGAS, subject="petugas-2")
    await made(second, path, **checked())
    assert await refused(second, path, **checked(version=2)) == (409, "sheet-not-open")


async def test_a_provider_sends_by_topic_and_dinsos_verifies(world: World) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    session_id = (await world.sessions(class_id))[0]
    await world.training.deliver(reported(class_id, session_id, everybody(enrolment_id, word="sick")))
    await world.training.deliver(reported(class_id, session_id, everybody(enrolment_id)))
    await world.training.deliver(reported(class_id, session_id, everybody(enrolment_id)))
    waiting = (await world.verifikator.get("/sheets", params={"state": "reported"})).json()["items"]
    assert [(each["revision"], each["present_count"]) for each in waiting] == [(2, 1)]
    await world.verify(UUID(waiting[0]["id"]))
    await world.training.deliver(reported(class_id, session_id, everybody(enrolment_id)))
    assert (await sheet_of(world, session_id))["state"] == "verified"
    await world.training.deliver(reported(class_id, session_id, everybody(enrolment_id, word="absent")))
    proposed = await sheet_of(world, session_id)
    assert (proposed["state"], proposed["correction_reason"]) == ("proposed", "provider_sent_again")
    assert (await world.petugas.get(f"/enrolments/{enrolment_id}")).json()["sessions_attended"] == 1
    await world.verify(UUID(proposed["id"]))
    assert (await world.petugas.get(f"/enrolments/{enrolment_id}")).json()["sessions_attended"] == 0


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"provider_code": "pucuk-daun-lestari", "agency": "pucuk-daun-lestari"}, "wrong-provider"),
        ({"provider_code": "pucuk-daun-lestari"}, "wrong-provider"),
        ({"agency": "pucuk-daun-lestari"}, "wrong-provider"),
        ({"agency": "dinsos"}, "wrong-provider"),
        ({"session_id": new_id()}, "session-unknown"),
        ({"entries": 2}, "duplicate-entry"),
    ],
)
async def test_what_is_not_taken_in_is_kept_with_its_reason(
    world: World, wrong: dict[str, object], refusal: str
) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    session_id = (await world.sessions(class_id))[0]
    good = reported(class_id, session_id, everybody(enrolment_id))
    if "entries" in wrong:
        wrong = {"entries": good.entries * 2}
    await world.training.deliver(good.model_copy(update=wrong), good)
    assert [sheet["session_id"] for sheet in (await world.verifikator.get("/sheets")).json()["items"]] == [
        str(session_id)
    ]
    path = f"/unaccepted-sheets?class_id={class_id}"
    (kept,) = (await world.petugas.get(path)).json()["items"]
    assert (kept["refusal"], kept["class_id"]) == (refusal, str(class_id))
    assert kept["source"] == "/sinergi/test/training-provider"
    stranger = world.training.as_(Role.PETUGAS, agency="dinas-koperasi", subject="stranger")
    assert (await stranger.get(path)).json()["items"] == []


async def test_an_outsider_cannot_stop_training(world: World) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    session_id = (await world.sessions(class_id))[0]
    strange = [reported(new_id(), new_id(), everybody(new_id()), f"lpk-{number}") for number in range(25)]
    newcomer = new_id()
    good = reported(class_id, session_id, everybody(enrolment_id))
    await world.training.deliver(*strange, registered(newcomer), good)
    assert (await sheet_of(world, session_id))["state"] == "reported"
    assert await world.training.fetch_one("SELECT 1 FROM person WHERE person_id = :id", id=newcomer) is not None
    operator = world.training.as_(Role.OPERATOR, agency="*", region="")
    kept = (await operator.get("/unaccepted-sheets")).json()["items"]
    assert {sheet["refusal"] for sheet in kept} == {"class-unknown"}
    assert {sheet["sender_agency"] for sheet in kept} == {f"lpk-{number}" for number in range(25)}
    assert (await world.petugas.get("/unaccepted-sheets")).json()["items"] == []


async def test_lines_of_nobody_known_are_kept_and_need_an_officers_word(world: World) -> None:
    class_id, (enrolment_id, missing) = await enrolled(world, 2)
    session_id = (await world.sessions(class_id))[0]
    stranger = new_id()
    await world.training.deliver(reported(class_id, session_id, everybody(enrolment_id, stranger)))
    sheet_id = (await sheet_of(world, session_id))["id"]
    shown = (await world.verifikator.get(f"/sheets/{sheet_id}")).json()
    assert {line["enrolment_id"]: line["standing"] for line in shown["entries"]} == {
        str(enrolment_id): "own",
        str(stranger): "unresolved",
    }
    assert shown["missing_enrolment_ids"] == [str(missing)]
    path = f"/sheets/{sheet_id}/verify"
    assert await refused(world.verifikator, path, **checked()) == (409, "unresolved-entries")
    await made(world.verifikator, path, **checked(accept_unresolved=True))
    assert (await world.petugas.get(f"/enrolments/{enrolment_id}")).json()["sessions_attended"] == 1


async def test_a_refused_correction_leaves_what_was_verified(world: World) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    session_id = (await world.sessions(class_id))[0]
    sheet_id = await world.report(class_id, session_id, everybody(enrolment_id))
    entries = [{"enrolment_id": str(enrolment_id), "attendance": "absent"}]
    body = {"occurred_on": AFTERWARDS, "reason": "misrecorded", "entries": entries} | LATE
    path = f"/sheets/{sheet_id}/corrections"
    assert await refused(world.petugas, path, **body) == (409, "sheet-not-verified")
    await world.verify(sheet_id)
    same = [{"enrolment_id": str(enrolment_id), "attendance": "present"}]
    assert await refused(world.petugas, path, **body | {"entries": same}) == (422, "nothing-corrected")
    correction_id = await made(world.petugas, path, **body)
    await made(world.verifikator, f"/sheets/{correction_id}/refuse", **checked(reason="no_evidence"))
    assert (await world.petugas.get(f"/enrolments/{enrolment_id}")).json()["sessions_attended"] == 1
    row = await world.training.fetch_one("SELECT state, refusal_reason FROM sheet WHERE id = :id", id=correction_id)
    assert row is not None
    assert tuple(row) == ("refused", "no_evidence")


async def test_all_sheets_of_a_class_in_one_act(world: World) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    for session_id in await world.sessions(class_id):
        await world.training.deliver(reported(class_id, session_id, everybody(enrolment_id)))
    listed = (await world.verifikator.get("/sheets", params={"class_id": str(class_id)})).json()["items"]
    seen = [{"sheet_id": each["id"], "version": each["version"]} for each in listed]
    seen[0]["version"] = 7
    stranger = str(new_id())
    body = {"occurred_on": AFTERWARDS} | LATE
    path = f"/classes/{class_id}/sheet-verifications"
    act_id = await made(world.verifikator, path, sheets=[*seen, {"sheet_id": stranger, "version": 1}], **body)
    shown = (await world.verifikator.get(f"/sheet-verifications/{act_id}")).json()
    refusals = {each["sheet_id"]: each["refusal"] for each in shown["sheets"]}
    assert refusals.pop(seen[0]["sheet_id"]) == "stale-sheet"
    assert refusals.pop(stranger) == "sheet-unknown"
    assert list(refusals.values()) == [None, None, None]
    assert await world.training.published(CourseCompletedV1) == []
    await made(world.verifikator, path, sheets=[seen[0] | {"version": 1}], **body)
    (event,) = await world.training.published(CourseCompletedV1)
    assert (event.data.enrolment_id, event.data.sessions_attended) == (enrolment_id, 4)


async def test_a_verified_session_no_longer_moves(world: World) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    session_id = (await world.sessions(class_id))[0]
    await world.verify(await world.report(class_id, session_id, everybody(enrolment_id)))
    body = {"occurred_on": AFTERWARDS, "held_on": "2023-10-30", "reason": "weather"} | LATE
    path = f"/classes/{class_id}/sessions/{session_id}/redate"
    assert await refused(world.petugas, path, **body) == (409, "session-already-verified")


async def test_the_provider_has_a_desk_of_its_own(world: World) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    session_id = (await world.sessions(class_id))[0]
    own = world.training.as_(Role.LEMBAGA_PELATIHAN, agency=PROVIDER, subject="lpk-1")
    other = world.training.as_(Role.LEMBAGA_PELATIHAN, agency="pucuk-daun-lestari", subject="lpk-2")
    body = {
        "occurred_on": AFTERWARDS,
        "class_id": str(class_id),
        "session_id": str(session_id),
        "entries": [{"enrolment_id": str(enrolment_id), "attendance": "present"}],
    } | LATE
    assert await refused(other, "/provider/sheets", **body) == (403, "wrong-provider")
    assert (await other.get(f"/provider/classes/{class_id}/enrolments")).status_code == 403
    assert await refused(own, "/sheets", **body) == (403, "not-allowed")
    assert await refused(world.petugas, "/provider/sheets", **body) == (403, "not-allowed")
    listed = (await own.get(f"/provider/classes/{class_id}/enrolments")).json()
    assert [each["id"] for each in listed["items"]] == [str(enrolment_id)]
    await world.verify(await made(own, "/provider/sheets", **body))
    assert (await world.petugas.get(f"/enrolments/{enrolment_id}")).json()["sessions_attended"] == 1


async def test_the_attendance_list_is_printed_in_indonesian_without_names(world: World) -> None:
    class_id, (enrolment_id,) = await enrolled(world, 1)
    session_id = (await world.sessions(class_id))[1]
    page = await world.petugas.get(f"/classes/{class_id}/sessions/{session_id}/attendance-list")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for text in ("Daftar Hadir", "26 Oktober 2023", "2 / 4", str(enrolment_id), "Jumlah: 1 peserta"):
        assert text in page.text
