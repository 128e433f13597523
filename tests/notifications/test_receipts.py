"""Receipts, lost answers and crashes: final states stay final, nothing is sent twice."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.ids import new_id
from chassis.transaction import Transaction
from services.notifications.clients.sms_http import SIGNATURE_HEADER, signature
from services.notifications.domain.outcome import Accepted, VendorStatus
from services.notifications.usecases.record_outcomes import Tried, record_outcomes
from services.notifications.usecases.record_receipts import Receipt, record_receipts
from services.notifications.usecases.take_up_messages import take_up_messages
from tests.notifications.builders import BALAPULANG, VILLAGE, enrolled
from tests.notifications.conftest import SECRET, World


async def _receipt(world: World, body: dict[str, Any], *, secret: str = SECRET) -> httpx.Response:
    raw = json.dumps(body).encode()
    headers = {SIGNATURE_HEADER: signature(secret, raw), "Content-Type": "application/json"}
    async with world.service.client() as client:
        return await client.post("/receipts/sms", content=raw, headers=headers)


async def _taken_up(world: World) -> str:
    """The reference of a message left `sending`, as by a crash before the gateway was called."""
    await world.service.deliver(enrolled(world.people.add("+6281234012345")))
    async with world.service.service.database.transaction() as tx:
        taken, _ = await take_up_messages(tx, 10, timedelta(seconds=60))
    return str(taken[0].reference)


async def test_a_receipt_quicker_than_its_own_sending_proves_both(world: World) -> None:
    reference = await _taken_up(world)
    assert (await _receipt(world, {"reference": reference, "status": "delivered"})).status_code == 204
    assert await world.states() == ["delivered"]
    assert await world.event_names() == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["delivered", "delivered", "accepted"], "delivered"),
        (["delivered", "undeliverable", "expired"], "delivered"),
        (["undeliverable", "delivered"], "listed"),
        (["accepted", "accepted", "delivered"], "delivered"),
        (["invented-by-the-vendor", "delivered"], "delivered"),
    ],
)
async def test_repeated_and_contradicting_receipts_do_not_move_a_final_state(
    world: World, statuses: list[str], state: str
) -> None:
    reference = await _taken_up(world)
    for status in statuses:
        assert (await _receipt(world, {"reference": reference, "status": status})).status_code == 204
    assert await world.states() == [state]
    names = await world.event_names()
    assert len(names) == len(set(names))


async def test_receipts_that_come_together_are_recorded_together_and_each_has_its_own_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them is of nobody's, one comes twice, and while the first transaction runs all others gather."""
    for number in range(4):
        await world.service.deliver(enrolled(world.people.add(f"+628123401234{number}")))
    async with world.service.service.database.transaction() as tx:
        taken, _ = await take_up_messages(tx, 10, timedelta(seconds=60))
    references = [str(one.reference) for one in taken]
    sizes: list[int] = []

    async def counted(tx: Transaction, given: Sequence[Receipt], wait: timedelta) -> list[bool]:
        sizes.append(len(given))
        return await record_receipts(tx, given, wait)

    monkeypatch.setattr("services.notifications.api.receipts.record_receipts", counted)
    told = [{"reference": each, "status": "delivered"} for each in [*references, references[0], str(new_id())]]
    answers = await asyncio.gather(*(_receipt(world, body) for body in told))
    assert [answer.status_code for answer in answers] == [204] * 5 + [404]
    assert await world.states() == ["delivered"] * 4
    assert await world.event_names() == ["sent", "delivered"] * 4
    assert len(sizes) < len(told) == sum(sizes)


async def test_receipts_need_the_signature_of_the_gateway(world: World) -> None:
    reference = await _taken_up(world)
    told = {"reference": reference, "status": "delivered"}
    assert (await _receipt(world, told, secret="another")).status_code == 401
    async with world.service.client() as client:
        assert (await client.post("/receipts/sms", json=told)).status_code == 401
    assert (await _receipt(world, {"reference": "x", "status": "delivered"})).status_code == 422
    assert (await _receipt(world, {"reference": str(new_id()), "status": "delivered"})).status_code == 404
    assert await world.states() == ["sending"]


async def test_a_receipt_waits_until_a_restored_service_has_caught_up(world: World) -> None:
    """The attempt may be one that the backup does not know: the gateway repeats the receipt."""
    reference = await _taken_up(world)
    await world.service.execute("INSERT INTO restoration (restored_at) VALUES (clock_timestamp())")
    told = {"reference": reference, "status": "delivered"}
    assert (await _receipt(world, told)).status_code == 503
    assert (await _receipt(world, told, secret="another")).status_code == 401
    assert await world.states() == ["sending"]
    await world.service.execute("UPDATE restoration SET caught_up_at = clock_timestamp()")
    assert (await _receipt(world, told)).status_code == 204
    assert await world.states() == ["delivered"]


async def test_a_crash_before_the_gateway_was_called_is_found_by_asking_and_sent_once(world: World) -> None:
    await _taken_up(world)
    await world.service.run_workers()
    assert await world.states() == ["sending"], "not before the sender can be assumed dead"
    await world.hurry()
    await world.settle(until="delivered")
    rows = await world.service.fetch_all("SELECT number, tries FROM attempt")
    assert [tuple(row) for row in rows] == [(1, 2)]


async def test_a_crash_after_the_gateway_was_called_is_found_by_asking_and_not_sent_again(world: World) -> None:
    reference = await _taken_up(world)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {SECRET}"}) as crashed_sender:
        body = {"reference": reference, "to": "+6281234099003", "text": "…"}
        assert (await crashed_sender.post(f"{world.gateway_url}/messages", json=body)).status_code == 202
        await world.hurry()
        await world.settle(until="delivered")
        assert (await crashed_sender.get(f"{world.gateway_url}/simulator")).json()["counts"] == {
            "accepted": 1, "duplicate": 0, "refused": 0,
        }  # fmt: skip


async def test_without_an_end_a_message_expires_and_goes_on_a_list(world: World) -> None:
    await world.service.deliver(enrolled(world.people.add("+6281234099011")))
    await world.settle(until="sent")
    await world.hurry()
    await world.service.run_workers()
    assert await world.states() == ["sent"]
    async with world.service.service.database.transaction() as tx:
        await tx.connection.exec_driver_sql("UPDATE attempt SET sent_at = now() - interval '73 hours', ask_at = now()")
    await world.settle(until="listed")
    row = await world.service.fetch_one("SELECT reason FROM message")
    assert row is not None
    assert row.reason == "expired"


async def test_a_receipt_recorded_while_the_outcome_waits_for_the_row_keeps_the_last_word(world: World) -> None:
    reference = await _taken_up(world)
    database = world.service.service.database
    row = await world.service.fetch_one("SELECT id FROM message")
    assert row is not None
    accepted = Tried(row.id, UUID(reference), Accepted("accepted", 1), None)

    async def record() -> None:
        async with database.transaction() as tx:
            await record_outcomes(tx, [accepted], timedelta(seconds=30))

    async with database.transaction() as tx:
        delivered = Receipt(reference=UUID(reference), status=VendorStatus.DELIVERED, code="delivered")
        await record_receipts(tx, [delivered], timedelta(seconds=30))
        waiting = asyncio.create_task(record())
        await asyncio.sleep(0.3)
        assert not waiting.done()
    await waiting
    assert await world.states() == ["delivered"]
    assert await world.event_names() == ["sent", "delivered"]


async def test_an_outcome_later_than_the_list_leaves_the_message_in_the_region_of_its_list(world: World) -> None:
    reference = await _taken_up(world)
    assert (await _receipt(world, {"reference": reference, "status": "undeliverable"})).status_code == 204
    row = await world.service.fetch_one("SELECT id FROM message")
    assert row is not None
    late = Tried(row.id, UUID(reference), Accepted("accepted", 1), VILLAGE)
    async with world.service.service.database.transaction() as tx:
        await record_outcomes(tx, [late], timedelta(seconds=30))
    stands = await world.service.fetch_one(
        "SELECT m.state, m.region_code, l.region_code FROM message m JOIN printed_list l ON l.id = m.list_id"
    )
    assert stands is not None
    assert tuple(stands) == ("listed", BALAPULANG, BALAPULANG)
