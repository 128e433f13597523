"""From enrolment to BAST: the facts told, the money moved, the pages printed."""

from contracts import disbursement as d
from contracts.envelope import case_id
from tests.disbursement.builders import PRICE_RUPIAH, ok, people
from tests.disbursement.world import World


async def test_from_enrolment_to_bast(world: World) -> None:
    one, other = people(2)
    await world.decided(one, other)
    grant = await world.grant_of(one)
    assert grant["state"] == "decided"
    assert grant["waiting_for"] == "handover_session"
    await world.buy(count=2, price_rupiah=PRICE_RUPIAH - 100_000)
    session_id = await world.session()
    await world.invite(session_id, grant["id"])
    bast_id = await world.hand_over(session_id, grant["id"])
    bast = ok(await world.petugas.get(f"/basts/{bast_id}"))
    assert bast["number"] == "BAST/DINSOS/2023/0001"
    assert [item["item_code"] for item in bast["items"]] == ["kompor", "panci"]
    facts = await world.service.published()
    told = [fact.type for fact in facts if fact.key == str(one)]
    assert told == [
        d.AidAllocatedV1.event_type,
        d.AllocationConfirmedV1.event_type,
        d.AidProposedV1.event_type,
        d.AidDecidedV1.event_type,
        d.HandoverScheduledV1.event_type,
        d.AidHandedOverV1.event_type,
    ]
    own = [fact for fact in facts if fact.key == str(one)]
    assert {fact.case for fact in own} == {case_id(world.programme_id, one)}
    assert [fact.sequence for fact in own] == [1, 2, 3, 4, 5, 6]
    handed = own[-1].data
    assert (handed.bast_number, handed.amount_rupiah, len(handed.items)) == (bast["number"], PRICE_RUPIAH, 2)
    assert await world.balances() == {
        "budget": -100 * PRICE_RUPIAH,
        "available": 98 * PRICE_RUPIAH,
        "reserved": 0,
        "committed": PRICE_RUPIAH,
        "fulfilled": PRICE_RUPIAH,
        "bought": -2 * (PRICE_RUPIAH - 100_000),
        "price_difference": -2 * 100_000,
        "in_stock": PRICE_RUPIAH,
        "handed_over": PRICE_RUPIAH,
    }
    assert await world.stock() == {
        "bought_count": 2, "in_stock_count": 1, "handed_over_count": 1, "written_off_count": 0
    }  # fmt: skip


async def test_history_says_who_decided_what_when_and_why(world: World) -> None:
    (one,) = people(1)
    await world.decided(one)
    grant = await world.grant_of(one)
    history = ok(await world.petugas.get(f"/grants/{grant['id']}"))["history"]
    assert [(line["act"], line["reason"]) for line in history] == [
        ("aid_allocated", "course_awaited"),
        ("allocation_confirmed", "course_completed"),
        ("aid_proposed", None),
        ("aid_decided", None),
    ]
    assert history[-1]["document_number"] == "460/2023"
    assert history[-1]["officer"].endswith("#penetap-1")
    assert history[1]["officer"].endswith("#service:disbursement")
