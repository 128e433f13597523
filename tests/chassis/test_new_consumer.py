"""A consumer that did not exist when the events were told."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import text

from chassis.consumer import Consumers
from chassis.events import Delivered
from chassis.migrations import upgrade_package
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.transaction import Transaction
from deploy.local.kafka import Kafka
from tests.chassis.builders import ordered
from tests.chassis.kafka import MakeSample, published, running, send, until
from tests.chassis.sample.contract import CreditedV1, catalogue_with
from tests.support.databases import DatabaseFor
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for

ACCOUNTS, ORDERS = 7, 90

# `version` ends as the number of credits only if each came, in its order.
_ADD_UP = text(
    "INSERT INTO account (id, balance_rupiah, agency, region_code, version) VALUES (:id, :amount, 'a', '33', :sequence)"
    " ON CONFLICT (id) DO UPDATE SET balance_rupiah = account.balance_rupiah + :amount,"
    " version = CASE WHEN :sequence = account.version + 1 THEN :sequence ELSE -1000000 END"
)


async def test_a_consumer_added_later_hears_everything_from_the_beginning(
    kafka: Kafka, prefix: str, make_sample: MakeSample, issuer: TestIssuer, tmp_path: Path, database_for: DatabaseFor
) -> None:
    """In all partitions, in order, while the topic goes on; nobody had known of it before."""
    orders = [ordered(number % ACCOUNTS, number + 1) for number in range(ORDERS)]
    async with running(make_sample()) as sample:
        await send(kafka, f"{prefix}outside.orders", orders[:-10])
        await until(lambda: _told(sample, ORDERS - 10))
    urls = await asyncio.to_thread(database_for, "sample", migrated=False)
    await asyncio.to_thread(upgrade_package, "tests.chassis.sample", urls.owner)
    more = {"kafka_bootstrap_servers": kafka.bootstrap_servers}
    added = _added(ServiceSettings(**settings_for(urls, issuer, tmp_path, **more)), prefix)
    async with running(make_sample()) as sample, running(ServiceUnderTest(added, issuer)) as late:
        await send(kafka, f"{prefix}outside.orders", orders[-10:])
        await until(lambda: _told(sample, ORDERS))
        await until(lambda: _heard_all(sample, late))
        read = await late.fetch_all("SELECT next_offset FROM stored_offset")
        assert sum(row.next_offset for row in read) == ORDERS


def _added(settings: ServiceSettings, prefix: str) -> Service:
    consumers = Consumers()

    @consumers.on(CreditedV1)
    async def credited(tx: Transaction, events: Sequence[Delivered[CreditedV1]]) -> None:
        for event in events:
            row = {"id": event.data.account_id, "amount": event.data.amount_rupiah, "sequence": event.sequence}
            await tx.execute(_ADD_UP, row)

    name = f"{prefix}added-next-year"
    heard = replace(catalogue_with(prefix)[CreditedV1.event_type], consumers=(name,))
    return Service(
        name=name, package="tests.chassis.sample", settings=settings,
        catalogue={heard.type: heard}, consumers=consumers,
    )  # fmt: skip


async def _told(sample: ServiceUnderTest, count: int) -> bool:
    return len(await sample.fetch_all("SELECT 1 FROM outbox")) == count and await published(sample)


async def _heard_all(sample: ServiceUnderTest, late: ServiceUnderTest) -> bool:
    state = "SELECT id, balance_rupiah, version FROM account ORDER BY id"
    there, here = await sample.fetch_all(state), await late.fetch_all(state)
    return [tuple(row) for row in there] == [tuple(row) for row in here]
