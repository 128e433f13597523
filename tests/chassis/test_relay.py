"""The relay on the real broker: who leads, and what cannot be sent holds nobody else."""

from uuid import UUID

import asyncpg

from chassis.relay import LEADER_LOCK
from contracts.catalogue import Topic
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls, create_topics
from tests.chassis.kafka import MakeSample, published, running, until
from tests.chassis.sample.service import Credit, credit
from tests.support.service import ServiceUnderTest


async def test_a_frozen_relay_leader_is_ended_and_another_takes_over(
    prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls
) -> None:
    """A leader that holds the lock but has stopped beating must not stop the events."""
    frozen = await asyncpg.connect(sample_urls.worker)
    await frozen.execute("SELECT pg_advisory_lock($1)", LEADER_LOCK)
    await frozen.execute(
        "INSERT INTO relay_leader (backend_pid, instance, beat_at)"
        " VALUES (pg_backend_pid(), 'frozen', clock_timestamp() - interval '10 s')"
    )
    async with running(make_sample()) as sample:
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=2), amount_rupiah=7))
        await until(lambda: published(sample), 10)
    assert frozen.is_closed()


async def test_a_missing_topic_delays_only_its_own_events(kafka: Kafka, prefix: str, make_sample: MakeSample) -> None:
    """The others go out; readiness names the topic; once it is there, its events go out too."""
    async with running(make_sample()) as sample:
        row = {"topic": f"{prefix}missing", "key": "k"}
        await sample.execute(
            "INSERT INTO outbox (event_id, topic, key, type, subject, headers, body) VALUES"
            " (gen_random_uuid(), :topic, :key, 't', 's', jsonb_build_object('ce_id', 'x'), 'x')",
            **row,
        )
        async with sample.service.database.transaction() as tx:
            await credit(tx, Credit(account_id=UUID(int=2), amount_rupiah=7))
        await until(lambda: _waiting(sample, 1), 20)
        assert sample.service.relay is not None
        assert sample.service.relay.problems() == [f"topic_unavailable:{prefix}missing"]
        await create_topics(kafka.bootstrap_servers, [Topic(f"{prefix}missing", partitions=1)])
        await until(lambda: _waiting(sample, 0), 30)


async def _waiting(sample: ServiceUnderTest, count: int) -> bool:
    return len(await sample.fetch_all("SELECT 1 FROM outbox WHERE published_at IS NULL")) == count
