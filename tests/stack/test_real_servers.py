"""The servers under the tests are the real ones."""

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.kafka import Kafka
from tests.support.databases import DatabaseFor


async def test_each_test_gets_a_database_of_its_own(database_for: DatabaseFor) -> None:
    first, second = database_for("registry"), database_for("registry")
    assert first.app != second.app
    connection = await asyncpg.connect(first.owner)
    await connection.execute("CREATE TABLE note (id int)")
    await connection.close()
    connection = await asyncpg.connect(second.owner)
    assert await connection.fetchval("SELECT to_regclass('note')") is None
    assert (await connection.fetchval("SHOW server_version")).startswith("18.")
    assert await connection.fetchval("SHOW fsync") == "on"
    await connection.close()


async def test_application_role_cannot_change_the_schema(database_for: DatabaseFor) -> None:
    urls = database_for("registry")
    for url in (urls.app, urls.worker):
        connection = await asyncpg.connect(url)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE forbidden (id int)")
        role = await connection.fetchrow("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert role is not None
        assert not role["rolsuper"]
        assert not role["rolbypassrls"]
        await connection.close()


async def test_kafka_keeps_what_it_acknowledged(kafka: Kafka, topic_prefix: str) -> None:
    topic = f"{topic_prefix}registry.people"
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all", enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait(topic, b"{}", key=b"a")
    await producer.stop()
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    assert (await consumer.getone()).value == b"{}"
    assert len(consumer.partitions_for_topic(topic) or ()) == 12
    await consumer.stop()
