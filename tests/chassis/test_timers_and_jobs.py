"""Durable timers and chunked jobs: once each, resumable, and a failing one neither vanishes nor blocks."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.ids import new_id
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
    await sample.run_jobs()
    assert len(await sample.published_types()) == 4


async def test_a_job_of_another_agency_is_not_seen(sample: ServiceUnderTest) -> None:
    """Neither read, nor cancelled, nor retried."""
    stranger = sample.as_(Role.PETUGAS, agency="dinas-koperasi")
    officer = sample.as_(Role.PETUGAS)
    job_id = await _start(sample)
    await sample.execute("UPDATE job SET agency = 'dinsos'")
    assert (await stranger.get(f"/jobs/{job_id}")).status_code == 404
    assert (await stranger.post(f"/jobs/{job_id}/cancel")).status_code == 404
    assert (await officer.get(f"/jobs/{job_id}")).status_code == 200
