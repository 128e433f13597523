"""What is sampled every few seconds must cost little, however much there is."""

from sqlalchemy import text

from chassis.metrics.sampler import QUEUES
from deploy.local.provision import DatabaseUrls
from tests.support.planner import analyse
from tests.support.service import ServiceUnderTest


async def test_counting_overdue_timers_looks_through_no_others(
    sample: ServiceUnderTest, sample_urls: DatabaseUrls
) -> None:
    """It is done every few seconds, by a planner who takes every third one for overdue."""
    async with sample.service.database.transaction() as tx:
        await tx.execute(
            text(
                """
                INSERT INTO timer (id, kind, subject_id, due_at, data, trace)
                SELECT gen_random_uuid(), 'interest', gen_random_uuid(), now() + random() * interval '300 days',
                       '{}', '{}' FROM generate_series(1, 25000) AS n
                """
            )
        )
    await analyse(sample_urls, "timer")
    async with sample.service.database.engine.connect() as connection:
        plan = [row[0] for row in await connection.execute(text(f"EXPLAIN {QUEUES.text}"))]
    assert not any("Seq Scan on timer" in line for line in plan)
