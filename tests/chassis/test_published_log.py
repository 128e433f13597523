"""Which log gets the archive: an order is obeyed in short steps, and ends with its reason."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from chassis import published_log
from chassis.admin import outbox
from chassis.published_log import may_publish_into
from deploy.local.provision import DatabaseUrls
from tests.support.service import ServiceUnderTest

EVENTS = 25


class _After(asyncio.Event):
    """Told to stop after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._steps = steps

    def is_set(self) -> bool:
        self._steps -= 1
        return self._steps < 0


@pytest.fixture
async def relay(
    sample: ServiceUnderTest, sample_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A leader's connection, of a service that published its archive into the log `first`, and whose order is open."""
    monkeypatch.setattr(published_log, "UNPUBLISH_CHUNK", 10)
    connection = await asyncpg.connect(sample_urls.worker)
    assert await may_publish_into(connection, "first", asyncio.Event())
    await sample.execute(
        "INSERT INTO outbox (event_id, topic, key, type, subject, headers, body, published_at)"
        " SELECT gen_random_uuid(), 't', 'k', 'y', 's', '{}', '', clock_timestamp() FROM generate_series(1, :count)",
        count=EVENTS,
    )
    assert not await may_publish_into(connection, "second", asyncio.Event())
    await connection.execute("UPDATE published_log SET republish_into = replaced_by")
    yield connection
    await connection.close()


async def _published(connection: "asyncpg.Connection[Any]") -> int:
    return int(await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"))


async def test_an_order_goes_on_where_a_relay_stopped(relay: "asyncpg.Connection[Any]") -> None:
    """Each step commits by itself; the log is remembered last of all."""
    assert not await may_publish_into(relay, "second", _After(2))
    assert await _published(relay) == EVENTS - 20
    assert await relay.fetchval("SELECT log_identity FROM published_log") == "first"
    assert await may_publish_into(relay, "second", asyncio.Event())
    assert await _published(relay) == 0
    known = await relay.fetchrow("SELECT log_identity, replaced_by, republish_into FROM published_log")
    assert tuple(known or ()) == ("second", None, None)


async def test_an_order_does_not_survive_the_known_log(relay: "asyncpg.Connection[Any]") -> None:
    """The address was wrong, and is corrected: should it be wrong once more, nobody has ordered anything."""
    assert await may_publish_into(relay, "first", asyncio.Event())
    assert not await may_publish_into(relay, "second", asyncio.Event())
    assert await _published(relay) == EVENTS


async def test_an_order_holds_for_no_third_log(relay: "asyncpg.Connection[Any]") -> None:
    """Not even when nothing of the archive counts as published any more."""
    assert not await may_publish_into(relay, "second", _After(3))
    assert await _published(relay) == 0
    assert not await may_publish_into(relay, "third", asyncio.Event())
    assert await relay.fetchval("SELECT log_identity FROM published_log") == "first"


@pytest.mark.parametrize(("held", "looked_at"), [(None, False), ("too_large", True)])
async def test_looking_for_what_is_stuck_reads_the_outbox_only_if_anything_is(
    sample: ServiceUnderTest, held: str | None, looked_at: bool
) -> None:
    """While an archive is republished millions of rows wait, and none is stuck."""
    await sample.execute(
        "INSERT INTO outbox (event_id, topic, key, type, subject, headers, body, held_reason)"
        " VALUES (gen_random_uuid(), 't', 'k', 'y', 's', '{}', '', :held)",
        held=held,
    )
    async with sample.service.api_database.transaction() as tx:
        explain = text(f"EXPLAIN (ANALYZE, VERBOSE, COSTS OFF) {outbox._STUCK.text}")
        plan = [row[0] for row in await tx.fetch_all(explain, {"after": 0, "limit": 50})]
    scans = [line for line in plan if "Scan" in line and " o_" in line]
    assert scans, plan
    assert any("never executed" not in line for line in scans) is looked_at, plan
