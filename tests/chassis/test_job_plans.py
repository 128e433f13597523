"""How PostgreSQL finds a job's turn and its rows: neither may cost more, the more there is."""

import pytest
from sqlalchemy import text

from chassis.jobs import _OUTBOX_DEPTH, Job, JobStep
from chassis.transaction import Transaction
from deploy.local.provision import DatabaseUrls
from tests.support.planner import UNSENT_INDEXES, analyse, reads_only
from tests.support.service import ServiceUnderTest

_SETTINGS = ("plan_cache_mode", "enable_seqscan", "enable_bitmapscan")


async def test_how_deep_the_outbox_is_is_never_read_from_all_of_it(
    sample: ServiceUnderTest, sample_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan stays when the outbox, empty now, has grown; each chunk of each job asks."""
    await analyse(sample_urls, "outbox")
    jobs, plan, unsent = sample.service.jobs, list[str](), list[str]()

    async def looked_at(tx: Transaction, _limit: int) -> None:
        statement = _OUTBOX_DEPTH.text.replace(":limit", "$1")
        await tx.execute(text(f"PREPARE depth (bigint) AS {statement}"))
        plan.extend(row[0] for row in await tx.fetch_all(text("EXPLAIN EXECUTE depth(100)"), {}))
        unsent.extend(row[0] for row in await tx.fetch_all(text(UNSENT_INDEXES), {}))

    monkeypatch.setattr(jobs, "_next", looked_at)
    assert not await jobs.run_next(sample.service.database, 100)
    assert reads_only(plan, unsent)


async def test_a_chunk_takes_its_rows_in_the_order_of_an_index(sample: ServiceUnderTest) -> None:
    """Not by a bitmap, which reads all that are left; and not by the one plan that its turn was found with."""
    found = list[str]()

    @sample.service.jobs.on("looks")
    async def looks(tx: Transaction, _job: Job) -> JobStep:
        found.extend([await tx.scalar(text(f"SHOW {name}"), {}) for name in _SETTINGS])
        return JobStep(done=1, finished=True)

    async with sample.service.database.transaction() as tx:
        await tx.start_job("looks", {})
    await sample.run_jobs()
    assert found == ["auto", "on", "off"]
