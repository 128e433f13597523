"""What counts as drained after the last fault: all that was under way then, and nothing of what people did since."""

from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from aiokafka import TopicPartition

from chassis.ids import new_id
from deploy.local.provision import DatabaseUrls
from tests.chassis.conftest import sample_urls
from tests.faults import draining
from tests.faults.draining import Backlog, cleared

__all__ = ["sample_urls"]

_TOLD = """
    INSERT INTO outbox (event_id, topic, key, type, subject, headers, body) VALUES ($1, 't', 'k', 'f.v1', 's', '{}', '')
"""
_ASKED = """
    INSERT INTO job (id, kind, parameters, officer, agency, trace) VALUES ($1, 'anything', '{}', '{}', 'dinsos', '{}')
"""
_DUE = """
    INSERT INTO timer (id, kind, subject_id, due_at, data, trace)
    VALUES ($1, 'anything', $1, clock_timestamp() - make_interval(mins => 1), '{}', '{}')
"""
_READ = "INSERT INTO stored_offset VALUES ('sample', 'the log', 'outside.orders', 0, $1)"
_READ_MORE = "UPDATE stored_offset SET next_offset = $1"


@pytest.fixture
def stack(sample_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stack of one service, which hears a topic of five records."""

    async def ends_of(_bootstrap_servers: str) -> tuple[str, dict[TopicPartition, int]]:
        return "the log", {TopicPartition("outside.orders", 0): 5}

    monkeypatch.setattr(draining, "SERVICES", ("sample",))
    monkeypatch.setattr(draining, "ends_of", ends_of)
    monkeypatch.setattr(draining, "PAUSE_SECONDS", 0.01)
    return SimpleNamespace(database_url=lambda _service: sample_urls.owner, bootstrap_servers="")


async def test_only_what_was_under_way_has_to_be_done(stack: Any, sample_urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(sample_urls.owner)
    event, job, timer = new_id(), new_id(), new_id()
    for sql, value in ((_TOLD, event), (_ASKED, job), (_DUE, timer), (_READ, 0)):
        await connection.execute(sql, value)
    backlog = Backlog(stack)
    assert await backlog.left() == ["sample: 1 outbox", "sample: 1 jobs", "sample: 1 timers"]
    for sql in (_TOLD, _ASKED, _DUE):
        await connection.execute(sql, new_id())
    await connection.execute("UPDATE outbox SET published_at = now() WHERE event_id = $1", event)
    assert await backlog.left() == ["sample: 1 jobs", "sample: 1 timers", "sample: 5 records unread"]
    await connection.execute("UPDATE job SET state = 'done' WHERE id = $1", job)
    await connection.execute("UPDATE timer SET state = 'fired' WHERE id = $1", timer)
    await connection.execute(_READ_MORE, 4)
    assert await backlog.left() == ["sample: 1 records unread"]
    await connection.execute(_READ_MORE, 5)
    assert await backlog.left() == []
    await connection.close()


async def test_a_log_that_waits_to_be_published_again_owes_everything(stack: Any, sample_urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(sample_urls.owner)
    await connection.execute(_TOLD, new_id())
    await connection.execute("UPDATE outbox SET published_at = now()")
    await connection.execute("INSERT INTO published_log (log_identity, replaced_by) VALUES ('the old log', 'the log')")
    assert await Backlog(stack).left() == ["sample: 1 outbox"]
    await connection.close()


async def test_what_is_left_when_the_time_is_over_is_told(stack: Any, sample_urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(sample_urls.owner)
    await connection.execute(_TOLD, new_id())
    seconds, left = await cleared(stack, since=0, limit_seconds=0)
    assert seconds > 0
    assert left == ["sample: 1 outbox"]
    await connection.close()
