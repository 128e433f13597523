"""Sessions, BAST numbers, stock, no-shows, voids and corrections."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from chassis.auth import Role
from contracts.disbursement import (
    AidHandedOverV1,
    BastCorrectedV1,
    HandoverMissedV1,
    HandoverScheduledV1,
    HandoverVoidedV1,
)
from contracts.registry import PersonStatus
from tests.disbursement.builders import PRICE_RUPIAH, SIGNING, corrected, ok, on, people, refused
from tests.disbursement.world import World


async def test_every_refusal_of_a_handover(world: World) -> None:
    one, deceased = people(2)
    await world.decided(one, deceased)
    session_id = await world.session()
    grant, other = await world.grant_of(one), await world.grant_of(deceased)
    body = world.handover(session_id, grant["id"])
    refused(await world.petugas.post("/handovers", json=body), 409, "out-of-stock")
    await world.buy(count=2)
    early = body | {"occurred_on": "2023-11-16"}
    refused(await world.petugas.post("/handovers", json=early), 422, "handover-before-decree")
    items = [{"item_code": "kompor", "quantity": 1}]
    fewer = world.handover(session_id, grant["id"], items=items)
    refused(await world.petugas.post("/handovers", json=fewer), 422, "items-differ")
    await world.service.deliver(corrected(deceased, status=PersonStatus.DECEASED), sequence=2)
    dead = world.handover(session_id, other["id"])
    refused(await world.petugas.post("/handovers", json=dead), 409, "recipient-not-active")
    refused(await world.verifikator.post("/handovers", json=body), 403, "not-allowed")
    ok(await world.petugas.post("/handovers", json=body))
    refused(await world.petugas.post("/handovers", json=body), 409, "already-handed-over")
    assert (await world.stock())["handed_over_count"] == 1


async def test_a_no_show_is_invited_again(world: World) -> None:
    one, other = people(2)
    await world.decided(one, other)
    await world.buy()
    first = await world.session()
    grant, unexpected = await world.grant_of(one), await world.grant_of(other)
    await world.invite(first, grant["id"])
    close = f"/handover-sessions/{first}/close"
    refused(await world.petugas.post(close, json=on("2023-11-22")), 409, "recipients-still-expected")
    missed = f"/handover-sessions/{first}/missed"
    body = on("2023-11-22", grant_ids=[unexpected["id"]])
    refused(await world.petugas.post(missed, json=body), 409, "not-expected")
    ok(await world.petugas.post(missed, json=on("2023-11-22", grant_ids=[grant["id"]])))
    ok(await world.petugas.post(close, json=on("2023-11-22")))
    refused(await world.petugas.post("/handovers", json=world.handover(first, grant["id"])), 409, "session-closed")
    second = await world.session("2023-11-29")
    await world.invite(second, grant["id"])
    third = await world.session("2023-11-30")
    await world.invite(third, grant["id"])
    assert (await world.grant_of(one))["expected_session_id"] == third
    await world.hand_over(third, grant["id"])
    invited = ok(await world.petugas.get(f"/handover-sessions/{third}"))["invited"]
    assert [person["state"] for person in invited] == ["served"]
    assert len(await world.service.published(HandoverMissedV1)) == 1
    assert len(await world.service.published(HandoverScheduledV1)) == 3


async def test_wrong_item_is_voided_and_issued_again(world: World) -> None:
    (one,) = people(1)
    await world.decided(one)
    await world.buy()
    session_id = await world.session()
    grant = await world.grant_of(one)
    wrong = await world.hand_over(session_id, grant["id"])
    before = await world.balances()
    await world.void(wrong)
    assert (await world.grant_of(one))["state"] == "decided"
    right = await world.hand_over(session_id, grant["id"])
    basts = {bast["id"]: bast for bast in ok(await world.petugas.get("/basts"))["items"]}
    assert [basts[each]["state"] for each in (wrong, right)] == ["void", "valid"]
    assert basts[right]["replaces_bast_id"] == wrong
    assert basts[right]["number"].endswith("/0002")
    (voided,) = await world.service.published(HandoverVoidedV1)
    assert (voided.data.bast_number, voided.data.reason) == (basts[wrong]["number"], "wrong_item")
    assert (await world.service.published(AidHandedOverV1))[-1].data.replaces_bast_id == UUID(wrong)
    assert await world.balances() == before
    refused(await world.petugas.post(f"/basts/{wrong}/voids", json=VOID), 409, "bast-is-void")


VOID = on("2023-11-23", reason="wrong_person", goods="written_off", loss_reason="not_returned")


async def test_goods_given_to_the_wrong_person_are_a_loss_with_a_reason(world: World) -> None:
    (one,) = people(1)
    await world.decided(one)
    await world.buy(count=2)
    grant, session_id = await world.grant_of(one), await world.session()
    bast_id = await world.hand_over(session_id, grant["id"])
    path = f"/basts/{bast_id}/voids"
    unexplained = {name: value for name, value in VOID.items() if name != "loss_reason"}
    refused(await world.petugas.post(path, json=unexplained), 422, "loss-reason-missing")
    requested = ok(await world.petugas.post(path, json=VOID))
    refused(await world.petugas.post(path, json=VOID), 409, "change-pending")
    both = world.service.as_(Role.VERIFIKATOR, subject="petugas-1")
    answer, approved = f"/bast-voids/{requested['id']}/answer", on("2023-11-23", approved=True)
    refused(await both.post(answer, json=approved), 409, "same-person")
    ok(await world.verifikator.post(answer, json=approved))
    refused(await world.verifikator.post(answer, json=approved), 409, "change-already-answered")
    assert (await world.stock())["written_off_count"] == 1
    balances = await world.balances()
    assert (balances["written_off"], balances["committed"], balances["handed_over"]) == (PRICE_RUPIAH, PRICE_RUPIAH, 0)
    await world.hand_over(session_id, grant["id"])
    assert (await world.grant_of(one))["state"] == "handed_over"


async def test_a_clerical_error_is_mended_by_two_officers(world: World) -> None:
    (one,) = people(1)
    await world.decided(one)
    await world.buy()
    bast_id = await world.hand_over(await world.session(), (await world.grant_of(one))["id"])
    path = f"/basts/{bast_id}/corrections"
    same = on("2023-11-24", reason="typing_error", witness_name=SIGNING["witness_name"])
    refused(await world.petugas.post(path, json=same), 422, "nothing-to-correct")
    early = on("2023-11-24", reason="wrong_date", handed_over_on="2023-11-01")
    refused(await world.petugas.post(path, json=early), 422, "handover-before-decree")
    change: dict[str, Any] = {
        "witness_name": "Saksi Lain",
        "handed_over_on": "2023-11-21",
        "conditions": [{"item_code": "panci", "condition": "damaged"}],
    }
    requested = ok(await world.petugas.post(path, json=on("2023-11-24", reason="typing_error", **change)))
    assert ok(await world.petugas.get(f"/basts/{bast_id}"))["occurred_on"] == "2023-11-22"
    asked = {"state": "requested"}
    (listed,) = ok(await world.verifikator.get("/bast-corrections", params=asked))["items"]
    shown = ok(await world.verifikator.get(f"/bast-corrections/{listed['id']}"))["fields"]
    assert ("witness", SIGNING["witness_name"], "Saksi Lain") in {
        (field["field"], field["old_value"], field["new_value"]) for field in shown
    }
    answer = f"/bast-corrections/{requested['id']}/answer"
    ok(await world.verifikator.post(answer, json=on("2023-11-24", approved=True)))
    bast = ok(await world.petugas.get(f"/basts/{bast_id}"))
    assert bast["occurred_on"] == "2023-11-21"
    assert {item["item_code"]: item["condition"] for item in bast["items"]} == {"kompor": "good", "panci": "damaged"}
    assert len(bast["corrections"]) == 1
    (told,) = await world.service.published(BastCorrectedV1)
    assert set(told.data.changed_fields) == {"occurred_on", "witness", "condition"}
    kept = await world.service.fetch_all("SELECT field, old_value_sealed FROM bast_correction_field ORDER BY field")
    assert [row.field for row in kept] == ["condition", "occurred_on", "witness"]
    assert SIGNING["witness_name"].encode() not in bytes(kept[-1].old_value_sealed)


async def test_a_refused_change_changes_nothing(world: World) -> None:
    (one,) = people(1)
    await world.decided(one)
    await world.buy()
    bast_id = await world.hand_over(await world.session(), (await world.grant_of(one))["id"])
    requested = ok(await world.petugas.post(f"/basts/{bast_id}/voids", json=VOID))
    assert [each["id"] for each in ok(await world.verifikator.get("/bast-voids"))["items"]] == [requested["id"]]
    path = f"/bast-voids/{requested['id']}/answer"
    ok(await world.verifikator.post(path, json=on("2023-11-24", approved=False)))
    assert (await world.grant_of(one))["state"] == "handed_over"
    assert await world.service.published(HandoverVoidedV1) == []


async def test_purchases_stay_within_the_budget(world: World) -> None:
    await world.buy(count=100)
    body = on(
        "2023-11-16", programme_id=str(world.programme_id), package_code="paket-menjahit", count=1,
        unit_price_rupiah=1, document_number="KONTRAK/2/2023",
    )  # fmt: skip
    refused(await world.petugas.post("/purchases", json=body), 409, "budget-too-small")


async def test_the_database_keeps_one_valid_bast_per_grant(world: World) -> None:
    (one,) = people(1)
    await world.decided(one)
    await world.buy()
    session_id, grant = await world.session(), await world.grant_of(one)
    first = await world.hand_over(session_id, grant["id"])
    await world.void(first)
    await world.hand_over(session_id, grant["id"])
    with pytest.raises(IntegrityError):
        await world.service.execute("UPDATE bast SET state = 'valid' WHERE id = CAST(:id AS uuid)", id=first)
