"""Lists of recipients, invitations, and many officers at one session at once."""

import asyncio
import itertools
from typing import Any

from sqlalchemy import event, text

from chassis.transaction import Transaction
from contracts.disbursement import (
    AidHandedOverV1,
    HandoverScheduledV1,
)
from contracts.registry import PersonStatus
from services.disbursement.usecases.hand_over_aid import HandOverAid, hand_over_aid
from tests.disbursement.builders import SIGNING, corrected, ok, on, people, refused, registered
from tests.disbursement.world import World


async def test_numbers_run_without_gap_under_parallel_handovers(world: World) -> None:
    ids = people(5)
    await world.decided(*ids)
    await world.buy()
    session_id = await world.session()
    grants = await world.grants()
    bodies = [world.handover(session_id, grant["id"]) for grant in grants]
    for answer in await asyncio.gather(*(world.petugas.post("/handovers", json=body) for body in bodies)):
        ok(answer)
    basts = ok(await world.petugas.get("/basts", params={"session_id": session_id}))["items"]
    assert sorted(bast["number"] for bast in basts) == [f"BAST/DINSOS/2023/{serial:04d}" for serial in range(1, 6)]


async def test_a_list_gives_each_its_own_outcome(world: World) -> None:
    ids = people(3)
    await world.decided(*ids)
    await world.buy(count=2)
    session_id = await world.session()
    grants = await world.grants()
    await world.hand_over(session_id, grants[0]["id"])
    receipts = [{"grant_id": grant["id"]} for grant in grants]
    body = on("2023-11-22", session_id=session_id, receipts=receipts, signing=SIGNING)
    created = ok(await world.petugas.post("/handover-lists", json=body))
    lines = ok(await world.petugas.get(f"/handover-lists/{created['id']}"))["lines"]
    assert [line["refusal"] for line in lines] == ["already-handed-over", None, "out-of-stock"]
    assert len(await world.service.published(AidHandedOverV1)) == 2


async def test_a_list_takes_the_same_statements_for_many_as_for_few(world: World) -> None:
    ids = people(7)
    await world.decided(*ids)
    await world.buy(count=7)
    session_id = await world.session()
    grants = await world.grants()
    for grant in grants:
        await world.invite(session_id, grant["id"])
    engine = world.service.service.api_database.engine.sync_engine
    counts: list[int] = []
    statements = itertools.count()
    listener = lambda *_given: next(statements)  # noqa: E731 - an event listener that can be removed
    event.listen(engine, "before_cursor_execute", listener)
    try:
        for part in (grants[:2], grants[2:]):
            receipts = [{"grant_id": grant["id"]} for grant in part]
            body = on("2023-11-22", session_id=session_id, receipts=receipts, signing=SIGNING)
            before = next(statements)
            ok(await world.petugas.post("/handover-lists", json=body))
            counts.append(next(statements) - before)
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    assert counts[0] == counts[1]
    basts = ok(await world.petugas.get("/basts", params={"session_id": session_id}))["items"]
    assert sorted(bast["number"] for bast in basts) == [f"BAST/DINSOS/2023/{serial:04d}" for serial in range(1, 8)]


async def test_lists_of_mixed_packages_take_shelves_in_one_order(world: World) -> None:
    cooks, tailors = people(6), people(6)
    await world.service.deliver(*(registered(each) for each in (*cooks, *tailors)))
    await world.service.deliver(*(world.enrolled(each) for each in cooks))
    await world.service.deliver(*(world.enrolled(each, "menjahit") for each in tailors))
    await world.allocate()
    await world.service.deliver(*(world.completed(each) for each in cooks), sequence=2)
    await world.service.deliver(*(world.completed(each, "menjahit") for each in tailors), sequence=2)
    await world.sign(await world.check(await world.propose()))
    await world.buy(count=6)
    sewing = on(
        "2023-11-16", programme_id=str(world.programme_id), package_code="paket-menjahit", count=5,
        unit_price_rupiah=4_000_000, document_number="KONTRAK/2/2023",
    )  # fmt: skip
    ok(await world.petugas.post("/purchases", json=sewing))
    session_id = await world.session()
    by_package: dict[str, list[str]] = {"paket-tata-boga": [], "paket-menjahit": []}
    for grant in await world.grants():
        by_package[grant["package_code"]].append(grant["id"])

    async def serve(number: int) -> list[Any]:
        chosen = [each for ids in by_package.values() for each in ids[2 * number : 2 * number + 2]]
        receipts = [{"grant_id": each} for each in chosen]
        body = on("2023-11-22", session_id=session_id, receipts=receipts, signing=SIGNING)
        created = ok(await world.petugas.post("/handover-lists", json=body))
        lines: list[Any] = ok(await world.petugas.get(f"/handover-lists/{created['id']}"))["lines"]
        return lines

    async def until_waiting(tx: Transaction, count: int) -> None:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')")
        async with asyncio.timeout(30):
            while await tx.scalar(waiting) < count:  # noqa: ASYNC110 - other connections wait
                await asyncio.sleep(0.01)

    shelf = "SELECT 1 FROM stock WHERE package_code = :code FOR UPDATE NOWAIT"
    async with world.service.service.database.transaction() as tx:
        await tx.execute(text(shelf), {"code": "paket-menjahit"})
        serving = asyncio.create_task(serve(0))
        await until_waiting(tx, 1)
        # Whoever waits for the first shelf holds none that comes after it.
        await tx.execute(text(shelf), {"code": "paket-tata-boga"})
    assert [line["refusal"] for line in await serving] == [None] * 4
    async with world.service.service.database.transaction() as tx:
        # All but one are taken while two lists wait for the shelf: they see what is left, not what they looked at.
        taken = "UPDATE stock SET in_stock_count = 1, handed_over_count = bought_count - 1 WHERE package_code = :code"
        await tx.execute(text(taken), {"code": "paket-menjahit"})
        both = asyncio.gather(serve(1), serve(2))
        await until_waiting(tx, 2)
    refusals = [line["refusal"] for lines in await both for line in lines if line["refusal"]]
    assert refusals == ["out-of-stock"] * 3
    serials = await world.service.fetch_all("SELECT serial FROM bast ORDER BY serial")
    assert [row.serial for row in serials] == list(range(1, 10))


async def test_a_session_is_not_closed_under_a_handover(world: World) -> None:
    (one,) = people(1)
    await world.decided(one)
    await world.buy()
    session_id, grant = await world.session(), await world.grant_of(one)
    body = HandOverAid.model_validate(world.handover(session_id, grant["id"]))
    async with world.service.service.database.transaction() as tx:
        await hand_over_aid(tx, body)
        close = world.petugas.post(f"/handover-sessions/{session_id}/close", json=on("2023-11-22"))
        closing = asyncio.create_task(close)
        await asyncio.wait({closing}, timeout=1)
        assert not closing.done()
    ok(await closing)


async def test_who_died_or_moved_is_not_invited(world: World) -> None:
    one, gone = people(2)
    await world.decided(one, gone)
    await world.service.deliver(corrected(gone, status=PersonStatus.MOVED_AWAY), sequence=2)
    session_id = await world.session()
    path = f"/handover-sessions/{session_id}/recipients"
    ids = [grant["id"] for grant in await world.grants()]
    problem = refused(await world.petugas.post(path, json=on("2023-11-18", grant_ids=ids)), 409, "recipient-not-active")
    assert problem["facts"]["grant_id"] == (await world.grant_of(gone))["id"]
    assert await world.service.published(HandoverScheduledV1) == []


async def test_the_invited_come_page_by_page(world: World) -> None:
    await world.decided(*people(5))
    session_id = await world.session()
    ids = [grant["id"] for grant in await world.grants()]
    await world.invite(session_id, *ids)
    path, after = f"/handover-sessions/{session_id}", None
    seen: list[str] = []
    while after or not seen:
        found = ok(await world.petugas.get(path, params={"limit": 2} | ({"after": after} if after else {})))
        assert len(found["invited"]) <= 2
        seen += [each["grant_id"] for each in found["invited"]]
        after = found["next"]
    assert seen == ids
