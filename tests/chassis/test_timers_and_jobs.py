"""Durable timers and chunked jobs: once each, resumable, and a failing one neither vanishes nor blocks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from chassis.auth import Role
from chassis.ids import new_id
from chassis.jobs import Job, JobStep
from chassis.timers import DUE, Timer
from chassis.transaction import Transaction
from tests.chassis.sample.contract import CreditedV1
from tests.chassis.sample.service import Credit, credit
from tests.support.service import ServiceUnderTest

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
SUBJECT = UUID(int=1)


async def test_a_due_timer_fires_once_and_a_later_one_waits(sample: ServiceUnderTest) -> None:
    """State and event of the effect commit with the timer's own state."""
    async with sample.service.database.transaction() as tx:
        for _ in range(2):
            await tx.schedule("interest", YESTERDAY, SUBJECT, {"amount_rupiah": 5})
        await tx.schedule("interest", datetime.now(UTC) + timedelta(days=1), SUBJECT, {"amount_rupiah": 7})
    await sample.run_timers()
    await sample.run_timers()
    rows = await sample.fetch_all("SELECT balance_rupiah FROM account")
    assert [row.balance_rupiah for row in rows] == [5]
    assert len(await sample.published_types()) == 1
    states = await sample.fetch_all("SELECT state FROM timer ORDER BY due_at")
    assert [row.state for row in states] == ["fired", "waiting"]


async def test_those_that_are_due_are_found_however_many_wait(sample: ServiceUnderTest) -> None:
    """By the index, read as far as the limit: neither later timers nor all of one day are looked through."""
    async with sample.service.database.transaction(planned_once=True) as tx:
        plan = "\n".join(row[0] for row in await tx.fetch_all(text(f"EXPLAIN {DUE.text}"), {"limit": 100}))
    assert "Index Cond: (COALESCE(retry_at, due_at) <= statement_timestamp())" in plan
    assert "Sort" not in plan


async def test_a_cancelled_timer_does_not_fire_until_set_again(sample: ServiceUnderTest) -> None:
    """The way back of a suspended plan."""
    async with sample.service.database.transaction() as tx:
        await tx.schedule("interest", YESTERDAY, SUBJECT, {"amount_rupiah": 5})
        await tx.cancel_timers("interest", SUBJECT)
    await sample.run_timers()
    assert await sample.fetch_all("SELECT 1 FROM account") == []
    async with sample.service.database.transaction() as tx:
        await tx.schedule("interest", YESTERDAY, SUBJECT, {"amount_rupiah": 6})
    await sample.run_timers()
    rows = await sample.fetch_all("SELECT balance_rupiah FROM account")
    assert [row.balance_rupiah for row in rows] == [6]


async def test_a_failing_timer_leaves_no_effect_and_is_tried_again_later(sample: ServiceUnderTest) -> None:
    """It does not hold up the others."""
    async with sample.service.database.transaction() as tx:
        await tx.schedule("interest", YESTERDAY, UUID(int=2), {"amount_rupiah": 5, "fails": True})
        await tx.schedule("interest", YESTERDAY, SUBJECT, {"amount_rupiah": 5})
    while await sample.service.timers.fire_due(sample.service.database):
        pass
    failed = await sample.fetch_one("SELECT state, attempts, last_error, retry_at FROM timer WHERE attempts > 0")
    assert failed is not None
    assert (failed.state, failed.attempts, failed.last_error) == ("waiting", 1, "too-much")
    assert failed.retry_at > datetime.now(UTC)
    assert [row.id for row in await sample.fetch_all("SELECT id FROM account")] == [SUBJECT]


def _credited() -> CreditedV1:
    return CreditedV1(occurred_on=datetime.now(UTC).date(), agency="dinsos", account_id=SUBJECT, amount_rupiah=1)


async def _fails_outside(tx: Transaction) -> None:
    raise TimeoutError


async def _fails_at_the_flush(tx: Transaction) -> None:
    """Two facts under one id: found when the events are written, not when they are told."""
    event_id = tx.publish(_credited(), sequence=1, case=SUBJECT)
    tx._events.append(next(event for event in tx._events if event.event_id == event_id))


async def _fails_at_the_commit(tx: Transaction) -> None:
    """By a constraint that is looked at only then."""
    await tx.execute(text("CREATE TEMP TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"))
    await tx.execute(text("INSERT INTO once VALUES (1), (1)"))


@pytest.mark.parametrize("fails", [_fails_outside, _fails_at_the_flush, _fails_at_the_commit])
async def test_a_timer_that_fails_anywhere_takes_no_other_with_it(sample: ServiceUnderTest, fails: Any) -> None:
    """By the outside, when its events are written, or at the commit: the others take effect, it waits."""

    @sample.service.timers.on("fails-late")
    async def fails_late(tx: Transaction, timer: Timer) -> None:
        await credit(tx, Credit(account_id=timer.subject_id, amount_rupiah=1))
        await fails(tx)

    async with sample.service.database.transaction() as tx:
        await tx.schedule("fails-late", YESTERDAY, UUID(int=2))
        for number in (1, 3):
            await tx.schedule("interest", YESTERDAY, UUID(int=number), {"amount_rupiah": 5})
    while await sample.service.timers.fire_due(sample.service.database):
        pass
    timers = await sample.fetch_all("SELECT kind, state, attempts, retry_at > now() AS later FROM timer")
    assert {tuple(row) for row in timers} == {("interest", "fired", 0, None), ("fails-late", "waiting", 1, True)}
    assert {row.id.int for row in await sample.fetch_all("SELECT id FROM account")} == {1, 3}
    assert len(await sample.published_types()) == 2


@pytest.mark.parametrize(
    ("fails", "attempts"), [(_fails_outside, 0), (_fails_at_the_flush, 1), (_fails_at_the_commit, 1)]
)
async def test_a_job_that_fails_anywhere_lets_the_others_go_first(
    sample: ServiceUnderTest, fails: Any, attempts: int
) -> None:
    """It leaves nothing, says why, and is tried again later; for the outside's faults it is never given up."""

    @sample.service.jobs.on("fails-late")
    async def fails_late(tx: Transaction, job: Job) -> JobStep:
        await credit(tx, Credit(account_id=SUBJECT, amount_rupiah=1))
        await fails(tx)
        return JobStep(done=1, finished=True)

    async with sample.service.database.transaction() as tx:
        failing_id = await tx.start_job("fails-late", {})
    await _start(sample)
    while await sample.service.jobs.run_next(sample.service.database, 1000):
        pass
    states = {row.kind: row for row in await sample.fetch_all("SELECT *, retry_at > now() AS later FROM job")}
    assert states["credit-many"].state == "done"
    failed = states["fails-late"]
    assert (failed.id, failed.state, failed.done, failed.later) == (failing_id, "queued", 0, True)
    assert (failed.attempts, bool(failed.last_error)) == (attempts, True)
    assert not await sample.fetch_all("SELECT 1 FROM account WHERE id = :id", id=SUBJECT)
    assert len(await sample.published_types()) == 4


async def test_a_job_that_the_outside_fails_is_never_given_up(sample: ServiceUnderTest) -> None:
    """However often; and it is done when the outside is there again."""
    outside = iter([TimeoutError] * 6)

    @sample.service.jobs.on("often-late")
    async def often_late(tx: Transaction, job: Job) -> JobStep:
        for error in outside:
            raise error
        await credit(tx, Credit(account_id=SUBJECT, amount_rupiah=1))
        return JobStep(done=1, finished=True)

    async with sample.service.database.transaction() as tx:
        await tx.start_job("often-late", {})
    for _ in range(7):
        assert await sample.service.jobs.run_next(sample.service.database, 1000)
        await sample.execute("UPDATE job SET retry_at = NULL")
    job = await sample.fetch_one("SELECT state, attempts, last_error FROM job")
    assert job is not None
    assert tuple(job) == ("done", 0, None)
    assert len(await sample.published_types()) == 1


async def test_a_kind_that_goes_first_waits_for_nothing(sample: ServiceUnderTest) -> None:
    """Neither for older jobs nor for the outbox; jobs of other kinds do."""
    sample.service.jobs.on("credit-first", first=True)(sample.service.jobs._handlers["credit-many"])
    for kind in ("credit-many", "credit-first", "credit-first"):
        await _start(sample, kind)
    for _ in range(4):
        assert await sample.service.jobs.run_next(sample.service.database, 1)
    assert not await sample.service.jobs.run_next(sample.service.database, 1)
    jobs = await sample.fetch_all("SELECT kind, state FROM job ORDER BY created_at")
    assert [tuple(row) for row in jobs] == [
        ("credit-many", "queued"),
        ("credit-first", "done"),
        ("credit-first", "done"),
    ]
    assert len(await sample.published_types()) == 8


async def test_a_job_works_in_chunks_and_shows_progress(sample: ServiceUnderTest) -> None:
    """Each chunk is a transaction; progress is visible between them."""
    ids = [str(new_id()) for _ in range(5)]
    async with sample.service.database.transaction() as tx:
        job_id = await tx.start_job("credit-many", {"ids": list(ids), "amount_rupiah": 5}, total=5)
    database = sample.service.database
    assert await sample.service.jobs.run_next(database, 1000)
    progress = await sample.fetch_one("SELECT state, total, done FROM job WHERE id = :id", id=job_id)
    assert progress is not None
    assert tuple(progress) == ("running", 5, 2)
    await sample.run_jobs()
    progress = await sample.fetch_one("SELECT state, done, cursor FROM job WHERE id = :id", id=job_id)
    assert progress is not None
    assert tuple(progress) == ("done", 5, 5)
    assert len(await sample.published_types()) == 5


async def test_a_job_waits_while_the_outbox_is_deep(sample: ServiceUnderTest) -> None:
    """Single acts pass first."""
    async with sample.service.database.transaction() as tx:
        await tx.start_job("credit-many", {"ids": [str(new_id()) for _ in range(4)], "amount_rupiah": 5})
    assert await sample.service.jobs.run_next(sample.service.database, 1)
    assert not await sample.service.jobs.run_next(sample.service.database, 1)
    assert len(await sample.fetch_all("SELECT 1 FROM account")) == 2


@pytest.mark.parametrize("attempts", [1, 5])
async def test_a_failing_job_is_retried_and_then_given_up(sample: ServiceUnderTest, attempts: int) -> None:
    """Nothing of a failed chunk stays; after five tries the job is failed, with its reason."""
    async with sample.service.database.transaction() as tx:
        await tx.start_job("credit-many", {"ids": [str(SUBJECT)], "amount_rupiah": 2_000_000})
    for _ in range(attempts):
        assert await sample.service.jobs.run_next(sample.service.database, 1000)
        await sample.execute("UPDATE job SET retry_at = NULL")
    job = await sample.fetch_one("SELECT state, attempts, last_error FROM job")
    assert job is not None
    assert tuple(job) == ("failed" if attempts == 5 else "queued", attempts, "too-much")
    assert await sample.fetch_all("SELECT 1 FROM account") == []


async def _start(sample: ServiceUnderTest, kind: str = "credit-many") -> UUID:
    async with sample.service.database.transaction() as tx:
        ids = [str(new_id()) for _ in range(4)]
        return await tx.start_job(kind, {"ids": list(ids), "amount_rupiah": 5}, total=4)


async def test_a_cancelled_job_is_taken_up_where_it_stopped(sample: ServiceUnderTest) -> None:
    """The way back from a cancellation; what was done is not done again."""
    operator = sample.as_(Role.OPERATOR, agency="*", region="")
    job_id = await _start(sample)
    assert await sample.service.jobs.run_next(sample.service.database, 1000)
    assert (await operator.post(f"/jobs/{job_id}/retry")).status_code == 409
    assert (await operator.post(f"/jobs/{job_id}/cancel")).status_code == 201
    assert not await sample.service.jobs.run_next(sample.service.database, 1000)
    assert (await operator.post(f"/jobs/{job_id}/retry")).status_code == 201
    await sample.run_jobs()
    job = (await operator.get(f"/jobs/{job_id}")).json()
    assert (job["state"], job["done"]) == ("done", 4)
    assert len(await sample.published_types()) == 4


async def test_a_kind_that_must_end_cannot_be_cancelled(sample: ServiceUnderTest) -> None:
    """Half of a decree would be no state at all."""
    operator = sample.as_(Role.OPERATOR, agency="*", region="")
    job_id = await _start(sample, "credit-to-the-end")
    response = await operator.post(f"/jobs/{job_id}/cancel")
    assert response.status_code == 409
    assert response.json()["type"] == "urn:sinergi:problem:job-not-cancellable"
    assert response.json()["facts"] == {"job_id": str(job_id), "kind": "credit-to-the-end"}
    await sample.run_jobs()
    assert len(await sample.published_types()) == 4


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
@pytest.mark.parametrize("kind", ["credit-many", "credit-to-the-end"])
async def test_what_is_over_cannot_be_cancelled(sample: ServiceUnderTest, kind: str, state: str) -> None:
    """Told as such, whatever its kind: there is nothing to wait for."""
    job_id = await _start(sample, kind)
    await sample.execute("UPDATE job SET state = :state", state=state)
    response = await sample.as_(Role.OPERATOR, agency="*", region="").post(f"/jobs/{job_id}/cancel")
    assert (response.status_code, response.json()["type"]) == (409, "urn:sinergi:problem:job-ended")
    assert response.json()["facts"] == {"job_id": str(job_id), "state": state}


async def test_a_job_of_another_agency_is_not_seen(sample: ServiceUnderTest) -> None:
    """Neither read, nor cancelled, nor retried."""
    stranger = sample.as_(Role.PETUGAS, agency="dinas-koperasi")
    officer = sample.as_(Role.PETUGAS)
    job_id = await _start(sample)
    await sample.execute("UPDATE job SET agency = 'dinsos'")
    assert (await stranger.get(f"/jobs/{job_id}")).status_code == 404
    assert (await stranger.post(f"/jobs/{job_id}/cancel")).status_code == 404
    assert (await officer.get(f"/jobs/{job_id}")).status_code == 200


async def test_jobs_are_listed_by_kind_and_state_page_by_page(sample: ServiceUnderTest) -> None:
    """Those of the caller's agency only, newest first."""
    officer, stranger = sample.as_(Role.PETUGAS), sample.as_(Role.PETUGAS, agency="dinas-koperasi")
    await sample.service.retention.start_today(sample.service.database)
    (daily,) = await sample.fetch_all("SELECT id FROM job")
    many = [await _start(sample) for _ in range(3)]
    whole = await _start(sample, "credit-to-the-end")
    await sample.execute("UPDATE job SET agency = 'dinsos'")
    await sample.execute("UPDATE job SET state = 'failed' WHERE id = :id", id=many[1])
    found: list[str] = []
    after = ""
    while after is not None:
        page = (await officer.get(f"/jobs?kind=credit-many&limit=2{after and f'&after={after}'}")).json()
        found, after = found + [job["id"] for job in page["items"]], page["next"]
    assert found == [str(job_id) for job_id in reversed(many)]
    assert [job["id"] for job in (await officer.get("/jobs?state=failed")).json()["items"]] == [str(many[1])]
    in_order = [str(job_id) for job_id in (whole, *reversed(many), daily.id)]
    assert [job["id"] for job in (await officer.get("/jobs")).json()["items"]] == in_order
    assert (await officer.get("/jobs?state=lost")).status_code == 422
    assert (await stranger.get("/jobs")).json() == {"items": [], "next": None}
