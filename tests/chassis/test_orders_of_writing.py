"""What is written before what: positions by commits, effects before offsets, acknowledgements before marks."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from chassis import processing
from chassis import relay as relaying
from chassis.relay import Relay
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls
from tests.chassis.builders import ON, ordered, record
from tests.chassis.kafka import MakeSample, published, read_all, until
from tests.chassis.sample.contract import CreditedV1
from tests.chassis.sample.service import Credit, credit
from tests.support.service import ServiceUnderTest

WRITERS = 16
EVENTS_EACH = 12


class Died(BaseException):
    """Stands for SIGKILL: nothing in the code under test catches it."""


def die(_point: str) -> None:
    """Die wherever a failpoint is reached."""
    raise Died


def credited(account: int, amount_rupiah: int) -> CreditedV1:
    """A fact of the sample, told without touching the account's row: only the outbox keeps the order."""
    return CreditedV1(occurred_on=ON, agency="dinsos", account_id=UUID(int=account), amount_rupiah=amount_rupiah)


async def test_events_of_one_key_appear_in_the_order_of_their_positions(sample: ServiceUnderTest) -> None:
    """Many writers of one key at once: whoever reads by position never finds one before those already seen."""
    seen: list[int] = []

    async def write(number: int) -> None:
        lot = random.Random(number)
        for amount in range(1, EVENTS_EACH + 1):
            async with sample.service.database.transaction() as tx:
                tx.publish(credited(1, amount), sequence=amount, case=UUID(int=1))
                await tx.flush()
                # Between its position and its commit a transaction may be held up: then others must not pass it.
                await asyncio.sleep(lot.random() / 100)

    async def read() -> None:
        rows = await sample.fetch_all("SELECT position FROM outbox ORDER BY position")
        found = [row.position for row in rows if row.position not in seen]
        assert not seen or not found or min(found) > max(seen), f"{min(found)} appeared after {max(seen)}"
        seen.extend(found)

    writing = asyncio.gather(*(write(number) for number in range(WRITERS)))
    try:
        while not writing.done():
            await read()
        await read()
    finally:
        await writing
    assert len(seen) == WRITERS * EVENTS_EACH


async def test_a_consumer_that_dies_after_its_handlers_leaves_nothing(
    sample: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither effect nor event nor inbox row nor offset: the message comes again and takes effect once."""
    arrived = record(ordered(1))
    with monkeypatch.context() as patch:
        patch.setattr(processing, "reach", die)
        with pytest.raises(Died):
            await sample.processor().process([arrived])
    for table in ("account", "outbox", "inbox", "stored_offset"):
        assert await sample.fetch_all(f"SELECT 1 FROM {table}") == [], table
    await sample.processor().process([arrived])
    rows = await sample.fetch_all("SELECT balance_rupiah, (SELECT count(*) FROM outbox) FROM account")
    assert [tuple(row) for row in rows] == [(5, 1)]


async def test_an_event_is_marked_only_after_the_broker_has_it(
    kafka: Kafka, prefix: str, make_sample: MakeSample, sample_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay that dies between acknowledgement and mark: the next one sends the same again, in order."""
    sample = make_sample()
    async with sample.service.database.transaction() as tx:
        for amount in (1, 2, 3):
            await credit(tx, Credit(account_id=UUID(int=1), amount_rupiah=amount))
    with monkeypatch.context() as patch:
        patch.setattr(relaying, "reach", die)
        with pytest.raises(Died):
            await relay_until(kafka, sample_urls, lambda: asyncio.sleep(0, False))
    assert len(await sample.fetch_all("SELECT 1 FROM outbox WHERE published_at IS NULL")) == 3
    await relay_until(kafka, sample_urls, lambda: published(sample))
    found = await asyncio.wait_for(read_all(kafka, f"{prefix}sample.credits", 6), 30)
    assert [amount for _, amount, _ in found] == [1, 2, 3, 1, 2, 3]
    assert len({headers["ce_id"] for _, _, headers in found}) == 3
    await sample.close()


async def relay_until(kafka: Kafka, urls: DatabaseUrls, condition: Callable[[], Awaitable[bool]]) -> None:
    """Run a relay until the condition holds; raises what ended the relay before."""
    stopping = asyncio.Event()
    relay = Relay(urls.worker, kafka.bootstrap_servers, "sample", batch_size=100)
    running = asyncio.create_task(relay.run(stopping))
    watching = asyncio.create_task(until(condition))
    await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
    watching.cancel()
    stopping.set()
    await running
