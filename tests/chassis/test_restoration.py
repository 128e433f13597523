"""A database restored from a backup, on the real broker: what was told is taken back, and nothing doubled."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.auth import Role
from chassis.health import readiness_problems
from chassis.ids import new_id
from chassis.polling import Poll, Records
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.provision import DatabaseUrls
from deploy.local.reconciling import NotMissing, reconciliation, settle
from deploy.local.restoring import MARK_RESTORED
from tests.chassis.builders import ON, ordered
from tests.chassis.kafka import MakeSample, producing, published, running, send, unreadable_batch, until
from tests.chassis.sample.contract import CreditedV1
from tests.support.service import ServiceUnderTest

ACCOUNTS = 6
SOURCE = b"/sinergi/test/sample"


async def restored_copy(postgres: Postgres, urls: DatabaseUrls) -> DatabaseUrls:
    """The database as `sinergi restore` leaves it."""
    name = urls.owner.rsplit("/", 1)[1]
    connection = await asyncpg.connect(postgres.url())
    await connection.execute(f'CREATE DATABASE "{name}_restored" TEMPLATE "{name}"')
    await connection.close()
    marked = await asyncpg.connect(postgres.url(f"{name}_restored"))
    await marked.execute(MARK_RESTORED)
    await marked.close()
    return urls.for_database(f"{name}_restored")


async def events_of(kafka: Kafka, topic: str) -> list[dict[str, str]]:
    """Headers of all records of a topic."""

    async def ask(consumer: AIOKafkaConsumer) -> Records:
        asked = await consumer.getmany(timeout_ms=1000)
        return tuple(record for records in asked.values() for record in records)

    poll, consumer = Poll(ask, 500), AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(3)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        found: list[dict[str, str]] = []
        while len(found) < sum(ends.values()):
            found += [
                {name: value.decode(errors="replace") for name, value in record.headers}
                for record in await poll(consumer)
            ]
    finally:
        await consumer.stop()
    return sorted(found, key=lambda headers: (headers.get("ce_id", ""), str(headers)))


JUNK: dict[str, dict[str, Any]] = {
    "no key, no attributes": {"key": None, "value": b"", "headers": [("ce_id", b"\xff")]},
    "a tombstone": {"value": None},
    "no JSON": {"value": b"{"},
    "another contract": {"value": b"{}"},
    "no sequence": {"attributes": {"ce_sequence": None}},
    "a sequence that is no number": {"attributes": {"ce_sequence": b"first"}},
    "a sequence beyond all numbers": {"attributes": {"ce_sequence": b"9" * 25}},
    "a time that is none": {"attributes": {"ce_time": b"yesterday"}},
    "a time without a zone": {"attributes": {"ce_time": b"2023-11-22T03:00:00"}},
    "no case": {"attributes": {"ce_correlationid": None}},
    "a case that is none": {"attributes": {"ce_correlationid": b"case"}},
    "NUL in a header": {"attributes": {"traceparent": b"\x00"}},
    "a header that is no text": {"attributes": {"traceparent": b"\xff"}},
}
"""What somebody else wrote on our topic, under our own name, must not keep a restored service from starting."""


async def send_junk(kafka: Kafka, topic: str) -> None:
    account = str(UUID(int=0)).encode()
    body = CreditedV1(occurred_on=ON, agency="sample", account_id=UUID(int=0), amount_rupiah=1)
    whole = {
        "ce_specversion": b"1.0", "ce_source": SOURCE, "ce_type": b"sample.credited.v1", "ce_subject": account,
        "ce_time": b"2023-11-22T03:00:00Z", "ce_correlationid": account, "ce_sequence": b"1",
    }  # fmt: skip
    async with producing(kafka) as producer:
        await (await producer.send_batch(unreadable_batch(producer), topic, partition=0))
        for spoilt in JUNK.values():
            headers = whole | {"ce_id": str(new_id()).encode()} | spoilt.get("attributes", {})
            given = [(name, value) for name, value in headers.items() if value is not None]
            record = {"key": account, "value": body.model_dump_json().encode(), "headers": given}
            parts = {name: value for name, value in spoilt.items() if name != "attributes"}
            await producer.send_and_wait(topic, **(record | parts))


async def heard(sample: ServiceUnderTest, rupiah: int) -> bool:
    """Whether all accounts together hold so much, and the world knows."""
    row = await sample.fetch_one("SELECT coalesce(sum(balance_rupiah), 0) AS rupiah FROM account")
    return row is not None and row.rupiah == rupiah and await published(sample)


async def credit(sample: ServiceUnderTest, account: int, amount_rupiah: int, key: UUID) -> Any:
    """An officer's act."""
    body = {"account_id": str(UUID(int=account)), "amount_rupiah": amount_rupiah}
    return await sample.as_(Role.PETUGAS).post("/credits", json=body, headers={"Idempotency-Key": str(key)})


async def test_what_was_told_since_the_backup_is_taken_back_and_heard_again(
    kafka: Kafka, postgres: Postgres, prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls
) -> None:
    """Events are heard again without an effect on others; the officers' lost acts are named, and can be sent again."""
    orders, topic = [ordered(number % ACCOUNTS) for number in range(30)], f"{prefix}sample.credits"
    keys = [new_id(), new_id()]
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", orders[:15])
        await until(lambda: heard(sample, 75))
    backup = await restored_copy(postgres, sample_urls)
    async with running(make_sample()) as sample:
        assert [(await credit(sample, 0, 100 + n, key)).status_code for n, key in enumerate(keys)] == [201, 201]
        await send(kafka, f"{prefix}outside.orders", orders[15:])
        await until(lambda: heard(sample, 351))
    genuine = await events_of(kafka, topic)
    await send_junk(kafka, topic)
    before = await events_of(kafka, topic)
    async with running(make_sample(backup)) as restored:
        await until(lambda: heard(restored, 150))
        await until(lambda: _caught_up(restored))
        assert len(await restored.fetch_all("SELECT 1 FROM outbox")) == 32
        assert await events_of(kafka, topic) == before
        lost = await reconciliation(postgres.url(), _name(backup))
        assert lost is not None
        assert [(each.type, each.subject) for each in lost.missing] == [("sample.credited.v1", UUID(int=0))] * 2
        await _enter_again(restored, postgres, backup, keys[0])
        new = await credit(restored, 0, 1, new_id())
        assert new.status_code == 201
        await until(lambda: published(restored))
    await _assert_the_new_act_is_the_newest(kafka, topic, genuine, before)


async def _enter_again(restored: ServiceUnderTest, postgres: Postgres, backup: DatabaseUrls, key: UUID) -> None:
    """One by its own request, the other by hand."""
    assert (await credit(restored, 0, 100, key)).status_code == 201
    lost = await reconciliation(postgres.url(), _name(backup))
    assert lost is not None
    assert len(lost.missing) == 1
    with pytest.raises(NotMissing):
        await settle(postgres.url(), _name(backup), [lost.missing[0].event_id, new_id()], actor="operator:me")
    await settle(postgres.url(), _name(backup), [lost.missing[0].event_id], actor="operator:me")
    noted = "SELECT actor, resource_id FROM audit WHERE operation = 'event.entered-again'"
    assert [tuple(row) for row in await _as_owner(postgres, backup, noted)] == [
        ("operator:me", lost.missing[0].event_id)
    ]
    lost = await reconciliation(postgres.url(), _name(backup))
    assert lost is not None
    assert lost.missing == ()


async def _assert_the_new_act_is_the_newest(
    kafka: Kafka, topic: str, genuine: list[dict[str, str]], before: list[dict[str, str]]
) -> None:
    after = await events_of(kafka, topic)
    assert len(before) == len(genuine) + len(JUNK) + 1 == 33 + len(JUNK)
    new = [each for each in after if each not in before]
    assert len(new) == 1
    of_account = [int(each["ce_sequence"]) for each in genuine if each["ce_subject"] == str(UUID(int=0))]
    assert int(new[0]["ce_sequence"]) > max(of_account)


async def test_nothing_acts_before_it_has_caught_up(
    kafka: Kafka, postgres: Postgres, prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls
) -> None:
    """Requests are refused and timers wait while something told by others is still to be heard."""
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(1)])
        await until(lambda: heard(sample, 5))
    backup = await restored_copy(postgres, sample_urls)
    restored = make_sample(backup)
    response = await credit(restored, 1, 1, new_id())
    assert (response.status_code, response.json()["type"]) == (503, "urn:sinergi:problem:catching-up")
    async with restored.service.database.transaction() as tx:
        await tx.schedule("interest", tx.now, UUID(int=1), {"amount_rupiah": 5})
    # As if a partition were still to be read that the consumer never gets to the end of.
    unread = """UPDATE restoration SET adopted_at = now(), log_identity = (SELECT log_identity FROM published_log),
                ends = '[{"topic": "t", "partition": 0, "end": 1}]'"""
    await restored.execute(unread.replace(":", r"\:"))
    async with running(restored):
        await until(lambda: heard(restored, 5))
        await until(lambda: _says_that_it_catches_up(restored))
        assert (await credit(restored, 1, 1, new_id())).status_code == 503
        assert [row.state for row in await restored.fetch_all("SELECT state FROM timer")] == ["waiting"]
        await restored.execute("UPDATE restoration SET caught_up_at = now()")
        await until(lambda: heard(restored, 10))
        assert (await credit(restored, 1, 1, new_id())).status_code == 201


async def test_in_a_replaced_log_it_waits_for_its_archive_and_can_be_told_to_publish_it(
    kafka: Kafka, postgres: Postgres, prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls
) -> None:
    """Having read an empty log means nothing; and the order that ends the waiting is not refused for it."""
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", [ordered(1)])
        await until(lambda: heard(sample, 5))
    restored = make_sample(await restored_copy(postgres, sample_urls))
    await restored.execute("UPDATE published_log SET log_identity = 'lost'")
    async with running(restored):
        await until(lambda: _log_replaced(restored))
        operator = restored.as_(Role.OPERATOR, agency="*", region="")
        log_identity = (await operator.get("/admin/outbox")).json()["log_replaced_by"]
        assert not await _caught_up(restored)
        assert (await credit(restored, 1, 1, new_id())).status_code == 503
        order = {"log_identity": log_identity}
        assert (await operator.post("/admin/outbox/republish", json=order)).status_code == 202
        await until(lambda: _caught_up(restored))
        assert (await credit(restored, 1, 1, new_id())).status_code == 201


async def _says_that_it_catches_up(sample: ServiceUnderTest) -> bool:
    return "catching_up_after_restore" in await readiness_problems(sample.service)


async def _log_replaced(sample: ServiceUnderTest) -> bool:
    return bool(await sample.fetch_all("SELECT 1 FROM published_log WHERE replaced_by IS NOT NULL"))


async def _as_owner(postgres: Postgres, urls: DatabaseUrls, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(postgres.url(_name(urls)))
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def _caught_up(sample: ServiceUnderTest) -> bool:
    return bool(await sample.fetch_all("SELECT 1 FROM restoration WHERE caught_up_at IS NOT NULL"))


def _name(urls: DatabaseUrls) -> str:
    return urls.owner.rsplit("/", 1)[1]
