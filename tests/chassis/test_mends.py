"""Looking into a parked message on record, and mending it by two persons."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.auth import Role
from chassis.ids import new_id
from tests.chassis.builders import headers_of, ordered, record
from tests.chassis.parked import (
    balances,
    credits_told,
    message_ids,
    operator,
    propose,
    reasons,
    redrive,
    results,
    waiting,
)
from tests.support.service import ServiceUnderTest

NIK = "3328991505900001"


async def park_one(sample: ServiceUnderTest, **overrides: Any) -> UUID:
    """A broken order for account 1, and a good one behind it."""
    await sample.processor().process([record(ordered(1, 3), **overrides), record(ordered(1, 4))])
    return (await message_ids(sample))[0]


async def decide(sample: ServiceUnderTest, mend_id: str, decision: str, subject: str = "operator-2") -> Any:
    """Approve or reject as another operator."""
    return await operator(sample, subject).post(f"/admin/mends/{mend_id}/{decision}")


def good_body(account: int = 1, amount_rupiah: int = 6) -> str:
    """A body that can be read."""
    return ordered(account, amount_rupiah).model_dump_json()


async def test_opening_shows_everything_and_leaves_a_trail(sample: ServiceUnderTest) -> None:
    """Text where it is text, base64 where not; audited, with the purpose and the person as far as told."""
    person_id = new_id()
    body = f'{{"person_id": "{person_id}", "nik": "{NIK}"'
    message_id = await park_one(sample, value=(body + "}").encode(), key=b"\xff", headers=[("h", None), ("i", b"j")])
    broken_id = (await message_ids(sample))[0]
    client = operator(sample)
    answer = await client.post(f"/admin/parked/{message_id}/open", json={"purpose": "find_cause"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    opened = answer.json()
    assert opened["key"] == {"text": None, "base64": "/w=="}
    assert opened["body"]["text"] == body + "}"
    assert opened["headers"] == [
        {"name": "h", "text": None, "base64": None},
        {"name": "i", "text": "j", "base64": None},
    ]
    audit = await sample.fetch_all("SELECT operation, resource_id FROM audit")
    assert [tuple(row) for row in audit] == [("operation.open_parked", broken_id)]
    access = await sample.fetch_all("SELECT purpose, person_ids, actor FROM access_record")
    assert [(row.purpose, row.person_ids) for row in access] == [("find_cause", [person_id])]
    assert access[0].actor.endswith("#operator-1")
    again = await client.post(f"/admin/parked/{message_id}/open", json={"purpose": "mend"})
    assert again.status_code == 200
    assert len(await sample.fetch_all("SELECT 1 FROM access_record")) == 2


@pytest.mark.parametrize(
    ("role", "asked", "status"),
    [
        (Role.AUDITOR, {"purpose": "find_cause"}, 403),
        (Role.PETUGAS, {"purpose": "find_cause"}, 403),
        (Role.ADMINISTRATOR, {"purpose": "find_cause"}, 200),
        (Role.OPERATOR, {"purpose": "curiosity"}, 422),
        (Role.OPERATOR, {}, 422),
    ],
)
async def test_only_who_may_opens_and_only_for_a_purpose(
    sample: ServiceUnderTest, role: Role, asked: dict[str, str], status: int
) -> None:
    """A refused look leaves nothing, an allowed one its trail."""
    message_id = await park_one(sample, value=b"{}")
    client = sample.as_(role, agency="*", region="")
    assert (await client.post(f"/admin/parked/{message_id}/open", json=asked)).status_code == status
    assert len(await sample.fetch_all("SELECT 1 FROM audit")) == (1 if status == 200 else 0)


async def test_a_mended_message_takes_effect_in_its_place(sample: ServiceUnderTest) -> None:
    """Proposed by one, approved by another: the key is redriven, the original stays, the result names the mend."""
    message_id = await park_one(sample, value=b'{"amount": "' + NIK.encode() + b'"}')
    before = await sample.fetch_one("SELECT key_sealed, headers_sealed, body_sealed FROM parked_message")
    proposed = await propose(sample, message_id, body=good_body())
    assert proposed.status_code == 201, proposed.text
    mend_id = proposed.json()["id"]
    seen = (await operator(sample).get("/admin/mends")).json()["items"]
    assert [(one["id"], one["state"], one["stale"], one["kind"]) for one in seen] == [
        (mend_id, "proposed", False, "replace")
    ]
    checked = await operator(sample, "operator-2").post(f"/admin/mends/{mend_id}/open", json={"purpose": "mend"})
    assert checked.json()["body"]["text"] == good_body()
    assert (await decide(sample, mend_id, "approve")).status_code == 201
    await sample.run_jobs()
    assert await credits_told(sample, 1) == [6, 4]
    mend = (await operator(sample).get(f"/admin/mends/{mend_id}")).json()
    assert (mend["state"], mend["maker"].split("#")[1], mend["checker"].split("#")[1]) == (
        "approved", "operator-1", "operator-2",
    )  # fmt: skip
    assert await results(sample, UUID(mend["job_id"])) == [("applied", None)] * 2
    rows = await sample.fetch_all("SELECT mend_id, outcome FROM redrive_result ORDER BY arrival")
    assert [tuple(row) for row in rows] == [(UUID(mend_id), "applied"), (None, "applied")]
    after = await sample.fetch_one(
        "SELECT key_sealed, headers_sealed, body_sealed FROM parked_message ORDER BY arrival LIMIT 1"
    )
    assert after == before
    assert (await operator(sample).get("/admin/mends")).json() == {"items": [], "next": None}
    operations = await sample.fetch_all("SELECT operation FROM audit ORDER BY recorded_at")
    assert [row.operation for row in operations] == [
        "operation.propose_mend", "operation.open_parked", "operation.decide_mend",
    ]  # fmt: skip


async def test_a_message_set_aside_never_takes_effect_and_its_key_goes_on(sample: ServiceUnderTest) -> None:
    """Not even when the log delivers it again; it stays in the table for ever."""
    refused = record(ordered(1, 9_000_000))
    await sample.processor().process([refused, record(ordered(1, 4))])
    (message_id, _) = await message_ids(sample)
    proposed = await propose(sample, message_id, kind="set_aside", reason="sent_by_mistake")
    assert (await decide(sample, proposed.json()["id"], "approve")).status_code == 201
    await sample.run_jobs()
    job = (await sample.fetch_all("SELECT id, done, failed FROM job"))[0]
    assert await results(sample, job.id) == [("set_aside", None), ("applied", None)]
    assert await credits_told(sample, 1) == [4]
    await sample.processor().process([refused, record(ordered(1, 5))])
    assert await credits_told(sample, 1) == [4, 5]
    assert await waiting(sample) == []
    assert len(await reasons(sample)) == 2


@pytest.mark.parametrize(
    ("overrides", "mend"),
    [
        ({"key": None}, {"key": str(UUID(int=1))}),
        ({"headers": []}, {"headers": headers_of(ordered(1))}),
        ({"key": b"odd", "value": b"\xff"}, {"key": str(UUID(int=1)), "body": good_body(1, 3)}),
    ],
)
async def test_every_part_can_be_mended(
    sample: ServiceUnderTest, overrides: dict[str, Any], mend: dict[str, Any]
) -> None:
    """Key, headers, body; alone or together."""
    await sample.processor().process([record(ordered(1, 3), **overrides)])
    (message_id,) = await message_ids(sample)
    proposed = await propose(sample, message_id, **mend)
    assert (await decide(sample, proposed.json()["id"], "approve")).status_code == 201
    await sample.run_jobs()
    assert await credits_told(sample, 1) == [3]
    assert await sample.fetch_all("SELECT 1 FROM parked_key") == []


async def test_a_mended_key_goes_behind_what_waits_there(sample: ServiceUnderTest) -> None:
    """It does not overtake the messages of the key it was meant for."""
    await sample.processor().process([record(ordered(1, 3), key=b"odd"), record(ordered(1, 9_000_000))])
    first, second = await message_ids(sample)
    proposed = await propose(sample, first, key=str(UUID(int=1)))
    await decide(sample, proposed.json()["id"], "approve")
    await sample.run_jobs()
    assert await waiting_reasons(sample) == ["behind_parked_key", "too-much"]
    aside = await propose(sample, second, kind="set_aside", reason="sent_anew")
    await decide(sample, aside.json()["id"], "approve")
    await sample.run_jobs()
    assert await redrive(sample, message_id=str(first)) == [("applied", None)]
    assert await credits_told(sample, 1) == [3]


async def waiting_reasons(sample: ServiceUnderTest) -> list[str]:
    """Reasons of what waits."""
    rows = await sample.fetch_all("SELECT reason FROM parked_message WHERE redriven_at IS NULL ORDER BY arrival")
    return [row.reason for row in rows]


@pytest.mark.parametrize(
    ("mend", "facts"),
    [
        ({"body": f'{{"account_id": "{NIK}"}}'}, {"reason": "schema"}),
        ({"body": NIK + "{"}, {"reason": "malformed_json"}),
        ({"body": good_body(2)}, {"reason": "wrong_key", "place": "account_id"}),
        ({"body": good_body(), "key": NIK}, {"reason": "wrong_key"}),
        ({"body": good_body(), "headers": {}}, {"reason": "not_a_cloudevent"}),
        (
            {"headers": headers_of(ordered(1)) | {"ce_time": NIK}},
            {"reason": "malformed_attributes", "place": "ce_time"},
        ),
        ({"headers": headers_of(ordered(1)) | {"ce_type": "x.y.v1"}}, {"reason": "not_subscribed", "place": "ce_type"}),
    ],
)
async def test_what_is_still_unreadable_is_refused_by_place_never_by_value(
    sample: ServiceUnderTest, mend: dict[str, Any], facts: dict[str, str]
) -> None:
    """422, with the reason as it would park."""
    answer = await propose(sample, await park_one(sample, value=b"{}"), **mend)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:sinergi:problem:mend-unreadable")
    assert facts.items() <= answer.json()["facts"].items()
    assert NIK not in answer.text
    assert await sample.fetch_all("SELECT 1 FROM parked_mend") == []


@pytest.mark.parametrize(
    "mend",
    [{}, {"kind": "set_aside", "body": "{}"}, {"reason": "because", "body": "{}"}, {"kind": "mend", "body": "{}"}],
)
async def test_a_proposal_is_whole(sample: ServiceUnderTest, mend: dict[str, Any]) -> None:
    """A replacement replaces something, setting aside nothing; reasons are codes."""
    assert (await propose(sample, await park_one(sample, value=b"{}"), **mend)).status_code == 422


async def test_the_second_person_is_another(sample: ServiceUnderTest) -> None:
    """By a named refusal, and by the database; only an operator or administrator."""
    proposed = await propose(sample, await park_one(sample, value=b"{}"), body=good_body())
    mend_id = proposed.json()["id"]
    for decision in ("approve", "reject"):
        own = await decide(sample, mend_id, decision, "operator-1")
        assert (own.status_code, own.json()["type"]) == (409, "urn:sinergi:problem:same-person")
    for role in (Role.AUDITOR, Role.PETUGAS):
        answer = await sample.as_(role, agency="*", region="").post(f"/admin/mends/{mend_id}/approve")
        assert answer.status_code == 403
    sql = text("UPDATE parked_mend SET state = 'approved', checker = maker, decided_at = now()")
    with pytest.raises(DBAPIError, match="parked_mend"):
        async with sample.service.api_database.transaction() as tx:
            await tx.execute(sql)
    administrator = sample.as_(Role.ADMINISTRATOR, agency="*", region="")
    assert (await administrator.post(f"/admin/mends/{mend_id}/approve")).status_code == 201
    again = await decide(sample, mend_id, "approve", "operator-3")
    assert (again.status_code, again.json()["type"]) == (409, "urn:sinergi:problem:mend-not-open")


async def test_a_rejected_mend_changes_nothing(sample: ServiceUnderTest) -> None:
    """The message waits as before, and another mend may be proposed."""
    message_id = await park_one(sample, value=b"{}")
    proposed = await propose(sample, message_id, body=good_body())
    assert (await decide(sample, proposed.json()["id"], "reject")).status_code == 201
    assert (await decide(sample, proposed.json()["id"], "approve")).status_code == 409
    assert await redrive(sample, all=True) == [("failed", "schema"), ("waiting_behind", None)]
    assert (await propose(sample, message_id, body=good_body())).status_code == 201
    assert await balances(sample) == {}


@pytest.mark.parametrize("stale_by", ["attempt", "proposal", "settled"])
async def test_what_happened_since_makes_an_approval_stale(sample: ServiceUnderTest, stale_by: str) -> None:
    """The second person decided on something that is no longer so: 409, and nothing takes effect."""
    message_id = await park_one(sample, value=b"{}")
    mend_id = (await propose(sample, message_id, body=good_body())).json()["id"]
    expected = 409
    if stale_by == "attempt":
        await redrive(sample, all=True)
        assert (await operator(sample).get(f"/admin/mends/{mend_id}")).json()["stale"]
    else:
        newer = await propose(sample, message_id, kind="set_aside", reason="foreign", maker="operator-3")
        if stale_by == "settled":
            await decide(sample, newer.json()["id"], "approve")
            await sample.run_jobs()
    answer = await decide(sample, mend_id, "approve")
    assert (answer.status_code, answer.json()["type"]) == (expected, "urn:sinergi:problem:stale-version")
    assert 6 not in await credits_told(sample, 1)
    settled = (await propose(sample, message_id, body=good_body())).status_code
    assert settled == (404 if stale_by == "settled" else 201)


async def test_a_mend_that_fails_can_be_mended_again(sample: ServiceUnderTest) -> None:
    """What was approved last counts."""
    message_id = await park_one(sample, value=b"{}")
    first = await propose(sample, message_id, body=good_body(1, 9_000_000))
    await decide(sample, first.json()["id"], "approve")
    await sample.run_jobs()
    assert await waiting(sample) == [("too-much", 1), ("behind_parked_key", 1)]
    second = await propose(sample, message_id, body=good_body(1, 6))
    await decide(sample, second.json()["id"], "approve")
    await sample.run_jobs()
    assert await credits_told(sample, 1) == [6, 4]


async def test_the_roles_cannot_rewrite_a_proposal(sample: ServiceUnderTest) -> None:
    """What was proposed stays as it was, whoever holds a connection."""
    await propose(sample, await park_one(sample, value=b"{}"), body=good_body())
    for database, sql in (
        (sample.service.api_database, "UPDATE parked_mend SET body_sealed = NULL"),
        (sample.service.api_database, "UPDATE parked_mend SET maker = 'x'"),
        (sample.service.api_database, "INSERT INTO redrive_result (job_id, arrival) VALUES (gen_random_uuid(), 1)"),
        (sample.service.database, "UPDATE parked_mend SET state = 'approved', checker = 'x'"),
        (sample.service.database, "DELETE FROM parked_message"),
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.transaction() as tx:
                await tx.execute(text(sql))
