"""The relay on the real broker: who leads, and what cannot be sent holds nobody else."""

from uuid import UUID

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.auth import Role
from chassis.ids import new_id
from chassis.relay import _SESSION, _UNPUBLISHED, LEADER_LOCK
from contracts.catalogue import Topic
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls, create_topics
from tests.chassis.kafka import MakeSample, published, read_to_end, running, told, until
from tests.chassis.sample.service import Credit, credit
from tests.support.planner import UNSENT_INDEXES, analyse, reads_only
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


async def test_the_outbox_is_never_read_from_all_of_it(sample: ServiceUnderTest, sample_urls: DatabaseUrls) -> None:
    """A leader's plan is made once, mostly on an empty outbox, and stays until PostgreSQL has counted the rows anew."""
    await analyse(sample_urls, "outbox")
    leader = await asyncpg.connect(sample_urls.worker, server_settings=_SESSION)
    await leader.execute(f"PREPARE unpublished (int, text[]) AS {_UNPUBLISHED}")
    plan = [row[0] for row in await leader.fetch("EXPLAIN EXECUTE unpublished(1000, '{}')")]
    unsent = [row[0] for row in await leader.fetch(UNSENT_INDEXES)]
    await leader.close()
    assert reads_only(plan, unsent)


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
        await until(lambda: _is_shown_as_unavailable(sample, f"{prefix}missing"))
        await create_topics(kafka.bootstrap_servers, [Topic(f"{prefix}missing", partitions=1)])
        await until(lambda: _waiting(sample, 0), 30)


async def _waiting(sample: ServiceUnderTest, count: int) -> bool:
    return len(await sample.fetch_all("SELECT 1 FROM outbox WHERE published_at IS NULL")) == count


@pytest.mark.parametrize("before", [1, 0], ids=["behind another", "first of its partition"])
@pytest.mark.parametrize("size_bytes", [400_000, 60_000], ids=["alone in its batch", "among others"])
async def test_an_event_too_large_holds_only_its_key_until_it_is_released(
    kafka: Kafka, prefix: str, make_sample: MakeSample, before: int, size_bytes: int
) -> None:
    """Others go on; once the topic takes it and it is released, its key's events follow in order."""
    topic = f"{prefix}sample.credits"
    await _limit_message_bytes(kafka, topic, size_bytes - 1)
    async with running(make_sample()) as sample:
        for _ in range(before):
            await _insert(sample, topic, "k1", 1)
        large = await _insert(sample, topic, "k1", 2, body=b"x" * size_bytes)
        later = [await _insert(sample, topic, "k1", number) for number in (3, 4)]
        others = [await _insert(sample, topic, "k2", number) for number in (1, 2)]
        await until(lambda: _held(sample, large), 20)
        await until(lambda: _waiting(sample, 3), 20)
        operator = sample.as_(Role.OPERATOR, agency="*", region="")
        stuck = (await operator.get("/admin/outbox/stuck", params={"limit": 2})).json()
        rest = (await operator.get("/admin/outbox/stuck", params={"after": stuck["next"]})).json()
        shown = [(row["event_id"], row["reason"]) for row in stuck["items"] + rest["items"]]
        assert shown == [(large, "too_large"), *((one, "behind_held_event") for one in later)]
        assert rest["next"] is None
        view = (await operator.get("/admin/outbox")).json()
        assert (view["depth"], view["held"], view["relay_alive"]) == (3, 1, True)
        assert view["oldest_age_seconds"] > 0
        await _limit_message_bytes(kafka, topic, 1_000_000)
        assert (await operator.post(f"/admin/outbox/{large}/release")).status_code == 200
        await until(lambda: _waiting(sample, 0), 20)
        assert (await operator.post(f"/admin/outbox/{large}/release")).status_code == 404
    records = [told(record) for record in await read_to_end(kafka.bootstrap_servers, topic)]
    first_seen = list(dict.fromkeys((key, event_id, sequence) for key, event_id, sequence in records))
    assert [sequence for key, _, sequence in first_seen if key == "k1"] == [1, 2, 3, 4][1 - before :]
    assert [event_id for key, event_id, _ in first_seen if key == "k2"] == others


async def _held(sample: ServiceUnderTest, event_id: str) -> bool:
    rows = await sample.fetch_all("SELECT event_id FROM outbox WHERE held_reason IS NOT NULL")
    return [str(row.event_id) for row in rows] == [event_id]


async def _insert(sample: ServiceUnderTest, topic: str, key: str, sequence: int, body: bytes = b"{}") -> str:
    event_id = str(new_id())
    await sample.execute(
        "INSERT INTO outbox (event_id, topic, key, type, subject, headers, body) VALUES (:id, :topic, :key, 't', 's',"
        " jsonb_build_object('ce_id', CAST(:text_id AS text), 'ce_sequence', CAST(:sequence AS text)), :body)",
        id=event_id, text_id=event_id, topic=topic, key=key, sequence=str(sequence), body=body,
    )  # fmt: skip
    return event_id


async def _limit_message_bytes(kafka: Kafka, topic: str, limit_bytes: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        wanted = {"max.message.bytes": str(limit_bytes), "retention.ms": "-1"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, wanted)])
    finally:
        await admin.close()


async def _is_shown_as_unavailable(sample: ServiceUnderTest, topic: str) -> bool:
    """By the operators' routes, which another process than the relay's may answer."""
    operator = sample.as_(Role.OPERATOR, agency="*", region="")
    stuck = (await operator.get("/admin/outbox/stuck")).json()["items"]
    view = (await operator.get("/admin/outbox")).json()
    return view["unavailable_topics"] == [topic] and [row["reason"] for row in stuck] == ["topic_unavailable"]
