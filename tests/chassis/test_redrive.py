"""Parked messages tried again: by a job, in order of arrival, each exactly once, with a result per message."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis import redrive as redriving
from chassis.auth import Role
from chassis.redrive_plan import _EXTEND, Plan
from tests.chassis.builders import TOPIC, closed, ordered, record
from tests.chassis.parked import (
    balances,
    credits_told,
    message_ids,
    operator,
    redrive,
    results,
    start_redrive,
    waiting,
)
from tests.chassis.sample import service as sample_service
from tests.support.service import ServiceUnderTest

BAD_RUPIAH = 9_000_000
"""More than the sample's rule allows, until it is mended."""


def key(account: int) -> str:
    """The key of the account's messages."""
    return str(UUID(int=account))


@pytest.fixture
def mend(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """`mend.setattr(…)` mends the cause."""
    return monkeypatch


def allow(mend: pytest.MonkeyPatch, limit_rupiah: int = 10_000_000) -> None:
    """Release a sample whose rule allows more."""
    mend.setattr(sample_service, "TOO_MUCH_RUPIAH", limit_rupiah)


async def park(sample: ServiceUnderTest, *orders: tuple[int, int]) -> None:
    """Deliver orders (account, rupiah) as one batch."""
    await sample.processor().process([record(ordered(account, rupiah)) for account, rupiah in orders])


async def test_a_key_takes_effect_once_in_order_and_is_free(sample: ServiceUnderTest, mend: pytest.MonkeyPatch) -> None:
    """Failing again first; then, the cause mended, everything in order of arrival; then nothing is left to redrive."""
    await sample.processor().process([record(fact) for fact in (ordered(2, BAD_RUPIAH), ordered(2, 7), closed(2))])
    first = await redrive(sample, topic=TOPIC, key=key(2))
    assert first == [("failed", "too-much"), ("waiting_behind", None), ("waiting_behind", None)]
    attempts = await sample.fetch_all("SELECT attempts FROM parked_message ORDER BY arrival")
    assert [row.attempts for row in attempts] == [2, 1, 1]
    allow(mend)
    assert await redrive(sample, topic=TOPIC, key=key(2)) == [("applied", None)] * 3
    refused = await operator(sample).post("/admin/parked/redrive", json={"topic": TOPIC, "key": key(2)})
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:sinergi:problem:nothing-parked")
    await park(sample, (2, 1))
    assert await balances(sample) == {2: BAD_RUPIAH + 8}
    assert await credits_told(sample, 2) == [BAD_RUPIAH, 7, 1]
    assert await waiting(sample) == []
    account = await sample.fetch_one("SELECT closed FROM account")
    assert account is not None
    assert account.closed


async def test_a_key_that_fails_again_stops_and_others_go_on(
    sample: ServiceUnderTest, mend: pytest.MonkeyPatch
) -> None:
    """Key 2 is mended, key 3 is not."""
    await park(sample, (2, BAD_RUPIAH), (3, BAD_RUPIAH * 2), (2, 7), (3, 8))
    allow(mend)
    found = await redrive(sample, all=True)
    assert found == [("applied", None), ("failed", "too-much"), ("applied", None), ("waiting_behind", None)]
    assert await balances(sample) == {2: BAD_RUPIAH + 7}
    assert await waiting(sample) == [("too-much", 3), ("behind_parked_key", 3)]
    keys = await sample.fetch_all("SELECT key FROM parked_key")
    assert [row.key for row in keys] == [key(3)]
    job = await sample.fetch_one("SELECT state, total, done, failed FROM job")
    assert job is not None
    assert tuple(job) == ("done", 4, 2, 2)


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        ({"reason": "too-much"}, [BAD_RUPIAH, 7]),
        ({"reason": "behind_parked_key"}, [BAD_RUPIAH, 7]),
        ({"type": "outside.ordered.v1"}, [BAD_RUPIAH, 7]),
        ({"type": "outside.closed.v1"}, []),
        ({"all": True}, [BAD_RUPIAH, 7]),
    ],
)
async def test_a_type_or_reason_selects_whole_keys(
    sample: ServiceUnderTest, mend: pytest.MonkeyPatch, selection: dict[str, object], taken: list[int]
) -> None:
    """Account 2 waits for its order, account 4 for an unreadable closing."""
    await park(sample, (2, BAD_RUPIAH), (2, 7))
    await sample.processor().process([record(closed(4), value=b"{}"), record(ordered(5), key=None)])
    allow(mend)
    await redrive(sample, **selection)
    assert await credits_told(sample, 2) == taken
    left = {account for _, account in await waiting(sample)}
    assert left == ({0, 4} if taken else {0, 2, 4})


async def test_a_message_goes_alone_and_only_if_it_is_the_first_of_its_key(
    sample: ServiceUnderTest, mend: pytest.MonkeyPatch
) -> None:
    """Another one is refused with the first one's id; what waits behind goes on waiting."""
    await park(sample, (2, BAD_RUPIAH), (2, 7))
    allow(mend)
    first, second = await message_ids(sample)
    refused = await operator(sample).post("/admin/parked/redrive", json={"message_id": str(second)})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:sinergi:problem:not-first-of-key"
    assert refused.json()["facts"] == {"first_id": str(first)}
    assert await redrive(sample, message_id=str(first)) == [("applied", None)]
    assert await waiting(sample) == [("behind_parked_key", 2)]
    await park(sample, (2, 8))
    assert await waiting(sample) == [("behind_parked_key", 2)] * 2
    for message_id in (await message_ids(sample))[1:]:
        assert await redrive(sample, message_id=str(message_id)) == [("applied", None)]
    await park(sample, (2, 9))
    assert await credits_told(sample, 2) == [BAD_RUPIAH, 7, 8, 9]


async def test_a_keyless_message_parks_alone_and_stays_until_it_can_be_read(sample: ServiceUnderTest) -> None:
    """Redriving what is still unreadable changes nothing but the count of attempts."""
    await sample.processor().process([record(ordered(1), key=None), record(ordered(2))])
    (message_id,) = await message_ids(sample)
    assert await redrive(sample, message_id=str(message_id)) == [("failed", "missing_key")]
    again = await sample.fetch_one("SELECT attempts, redriven_at FROM parked_message")
    assert again is not None
    assert tuple(again) == (2, None)
    assert await balances(sample) == {2: 5}


@pytest.mark.parametrize(
    "selection",
    [
        {},
        {"all": False},
        {"topic": TOPIC},
        {"key": "k"},
        {"all": True, "reason": "schema"},
        {"type": "a", "reason": "b"},
    ],
)
async def test_exactly_one_selection(sample: ServiceUnderTest, selection: dict[str, object]) -> None:
    """Anything else is refused before it starts."""
    assert (await operator(sample).post("/admin/parked/redrive", json=selection)).status_code == 422
    assert await sample.fetch_all("SELECT 1 FROM job") == []


async def test_who_may_redrive_and_what_it_leaves(sample: ServiceUnderTest, mend: pytest.MonkeyPatch) -> None:
    """Operators only; an audit row; the effect is the service's, as when the message first arrived."""
    await park(sample, (2, BAD_RUPIAH))
    allow(mend)
    auditor = sample.as_(Role.AUDITOR, agency="*", region="")
    assert (await auditor.post("/admin/parked/redrive", json={"all": True})).status_code == 403
    job_id = await start_redrive(sample, all=True)
    await sample.run_jobs()
    assert (await auditor.get(f"/admin/redrives/{job_id}")).status_code == 200
    audit = await sample.fetch_all("SELECT operation, resource_id FROM audit")
    assert [tuple(row) for row in audit] == [("operation.redrive", job_id)]
    actors = await sample.fetch_all("SELECT headers ->> 'ce_actor' AS actor FROM outbox")
    await park(sample, (3, 1))
    normal = await sample.fetch_all("SELECT headers ->> 'ce_actor' AS actor FROM outbox ORDER BY position DESC LIMIT 1")
    assert actors == normal


async def test_a_redrive_that_dies_between_chunks_goes_on(sample: ServiceUnderTest, mend: pytest.MonkeyPatch) -> None:
    """Each chunk is one transaction: what it did not commit is done again, nothing twice."""
    await park(sample, (2, BAD_RUPIAH), *[(2, amount) for amount in range(1, 8)], (3, BAD_RUPIAH))
    allow(mend)
    mend.setattr(redriving, "CHUNK_MESSAGES", 3)
    job_id = await start_redrive(sample, all=True)
    jobs, database = sample.service.jobs, sample.service.database
    for _ in range(2):
        assert await jobs.run_next(database, 1_000_000)
    assert await credits_told(sample, 2) == [BAD_RUPIAH, 1, 2]

    async def dies(_plan: Plan, _places: object) -> None:
        raise DBAPIError("", {}, Exception(), connection_invalidated=True)

    with mend.context() as crash:
        crash.setattr(Plan, "free_keys", dies)
        assert await jobs.run_next(database, 1_000_000)
    stopped = await sample.fetch_one("SELECT state, attempts, last_error FROM job")
    assert stopped is not None
    assert tuple(stopped) == ("running", 0, "DBAPIError")
    await sample.execute("UPDATE job SET retry_at = NULL")
    assert await credits_told(sample, 2) == [BAD_RUPIAH, 1, 2]
    await sample.run_jobs()
    assert await credits_told(sample, 2) == [BAD_RUPIAH, *range(1, 8)]
    assert await results(sample, job_id) == [("applied", None)] * 9
    assert await sample.fetch_all("SELECT 1 FROM parked_key") == []


async def test_two_redrives_at_once_do_everything_once(sample: ServiceUnderTest, mend: pytest.MonkeyPatch) -> None:
    """Two workers, two jobs over the same messages, in small chunks."""
    orders = [(account, amount) for amount in (BAD_RUPIAH, 1, 2, 3) for account in range(1, 7)]
    await park(sample, *orders)
    allow(mend)
    mend.setattr(redriving, "CHUNK_MESSAGES", 4)
    job_ids = [await start_redrive(sample, all=True), await start_redrive(sample, reason="too-much")]
    await asyncio.gather(sample.run_jobs(), sample.run_jobs())
    await sample.run_jobs()
    for account in range(1, 7):
        assert await credits_told(sample, account) == [BAD_RUPIAH, 1, 2, 3]
    for job_id in job_ids:
        found = await results(sample, job_id)
        assert found == [("applied", None)] * len(found)
    assert await sample.fetch_all("SELECT 1 FROM parked_key") == []


async def test_what_parks_behind_a_key_meanwhile_follows_in_the_same_redrive(
    sample: ServiceUnderTest, mend: pytest.MonkeyPatch
) -> None:
    """The key is freed in the transaction in which its last message took effect, and not before."""
    await park(sample, (2, BAD_RUPIAH), (2, 1), (2, 2))
    mend.setattr(redriving, "CHUNK_MESSAGES", 2)
    job_id = await start_redrive(sample, topic=TOPIC, key=key(2))
    jobs, database = sample.service.jobs, sample.service.database
    for _ in range(2):
        with mend.context() as release:
            allow(release)
            await jobs.run_next(database, 1_000_000)
    await park(sample, (2, 3))
    assert await waiting(sample) == [("behind_parked_key", 2)] * 2
    await sample.run_jobs()
    await park(sample, (2, 4))
    assert await credits_told(sample, 2) == [BAD_RUPIAH, 1, 2, 3, 4]
    assert await results(sample, job_id) == [("applied", None)] * 4
    job = await sample.fetch_one("SELECT total, done, failed FROM job")
    assert job is not None
    assert tuple(job) == (4, 4, 0)


async def test_a_redrive_waits_neither_for_older_jobs_nor_for_the_outbox(
    sample: ServiceUnderTest, mend: pytest.MonkeyPatch
) -> None:
    """The broker may be away: what is parked is in the database, and what it tells waits in the outbox."""
    await park(sample, (1, 5), (2, BAD_RUPIAH))
    allow(mend)
    async with sample.service.database.transaction() as tx:
        await tx.start_job("credit-many", {"ids": [key(8)], "amount_rupiah": 5})
    job_id = await start_redrive(sample, all=True)
    while await sample.service.jobs.run_next(sample.service.database, 0):
        pass
    assert await results(sample, job_id) == [("applied", None)]
    assert await credits_told(sample, 2) == [BAD_RUPIAH]
    assert await credits_told(sample, 8) == []


async def test_what_is_no_longer_heard_fails_and_stays(sample: ServiceUnderTest, mend: pytest.MonkeyPatch) -> None:
    """It parked while its type was heard; a redrive must not call it applied, nor let it vanish."""
    await park(sample, (2, BAD_RUPIAH), (2, 7))
    allow(mend)
    reader = sample.service.jobs._handlers["redrive"]._processor.reader  # type: ignore[attr-defined]
    with mend.context() as release:
        release.setattr(reader, "_heard", frozenset({"outside.closed.v1"}))
        assert await redrive(sample, all=True) == [("failed", "not_subscribed"), ("waiting_behind", None)]
    assert await waiting(sample) == [("not_subscribed", 2), ("behind_parked_key", 2)]
    assert await redrive(sample, all=True) == [("applied", None)] * 2
    assert await credits_told(sample, 2) == [BAD_RUPIAH, 7]


async def test_a_long_key_is_planned_once(sample: ServiceUnderTest, mend: pytest.MonkeyPatch) -> None:
    """A chunk looks only for what parked behind the plan, however much of the key still waits."""
    await park(sample, (2, BAD_RUPIAH), *[(2, amount) for amount in range(1, 400)])
    job_id = await start_redrive(sample, all=True)
    assert await sample.service.jobs.run_next(sample.service.database, 1)
    async with sample.service.database.transaction() as tx:
        explained = await tx.fetch_all(
            text(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF) {_EXTEND.text}"),
            {"job_id": job_id, "consumer": "sample", "topics": [TOPIC], "keys": [key(2)]},
        )
    read = [line for (line,) in explained if "parked_message" in line]
    assert read
    assert not [line for line in read if "rows=400" in line], explained
    allow(mend)
    await sample.run_jobs()
    assert await credits_told(sample, 2) == [BAD_RUPIAH, *range(1, 400)]
