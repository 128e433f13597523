"""A consumer that did not exist when the events were told."""

import asyncio
from pathlib import Path

from chassis.migrations import upgrade_package
from chassis.settings import ServiceSettings
from deploy.local.kafka import Kafka
from tests.chassis.builders import ordered
from tests.chassis.kafka import MakeSample, published, running, send, until
from tests.chassis.listener import heard_all, listener
from tests.support.databases import DatabaseFor
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for

ACCOUNTS, ORDERS = 7, 90


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
    settings = ServiceSettings(**settings_for(urls, issuer, tmp_path, **more))
    added = listener(f"{prefix}added-next-year", settings, prefix)
    async with running(make_sample()) as sample, running(ServiceUnderTest(added, issuer)) as late:
        await send(kafka, f"{prefix}outside.orders", orders[-10:])
        await until(lambda: _told(sample, ORDERS))
        await until(lambda: heard_all(sample, late))
        read = await late.fetch_all("SELECT next_offset FROM stored_offset")
        assert sum(row.next_offset for row in read) == ORDERS


async def _told(sample: ServiceUnderTest, count: int) -> bool:
    return len(await sample.fetch_all("SELECT 1 FROM outbox")) == count and await published(sample)
