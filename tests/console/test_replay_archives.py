"""The projection built again from the publishers' archives, when the log itself is gone."""

import asyncio
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from chassis.ids import new_id
from chassis.replay import ReplayRefused, archives
from contracts.catalogue import CATALOGUE
from deploy.local.kafka import Kafka
from services.console.consumers import consumers as console_consumers
from tests.chassis.kafka import running, until
from tests.console.builders import enrolled, opened, registered
from tests.console.replaying import WHO, Stage, pages
from tests.console.test_replay import PEOPLE, life, parked
from tests.support.databases import DatabaseFor
from tests.support.service import TestIssuer


@pytest.fixture
async def topicless(
    kafka: Kafka, database_for: DatabaseFor, issuer: TestIssuer, tmp_path: Path, topic_prefix: str
) -> Stage:
    """A console that heard the life of 60 people from topics that are gone since."""
    stage = Stage(kafka, await asyncio.to_thread(database_for, "console"), issuer, tmp_path, topic_prefix)
    await stage.tell(opened(), *life(PEOPLE))
    async with running(stage.console()):
        await until(lambda: stage.heard(181), 60)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    names = {topic_prefix + CATALOGUE[kind].topic.name for kind in console_consumers.kinds}
    await admin.delete_topics(sorted(names))
    await admin.close()
    return stage


@pytest.fixture(autouse=True)
def _settles_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the live console never heard is not waited for as long as in earnest."""
    monkeypatch.setattr(archives, "SETTLE_SECONDS", 1)


async def test_archives_rebuild_what_topics_no_longer_can(topicless: Stage) -> None:
    async with topicless.replay(topicless.topics()) as replay:
        with pytest.raises(ReplayRefused, match="archives"):
            await replay.rebuild()
    console = topicless.console()
    before = await pages(console, PEOPLE)
    async with topicless.replay(topicless.archives()) as replay:
        await replay.rebuild()
        comparison = await replay.switch(actor=WHO)
    assert comparison.equal
    assert {line.what: line.rebuilt.rows for line in comparison.lines}["events heard"] == 181
    assert await pages(console, PEOPLE) == before
    states = await topicless.states()
    offsets = "SELECT topic, partition, next_offset FROM stored_offset WHERE log_identity <> 'archives' AND consumer = "
    lacking = await topicless.as_owner(f"{offsets}'{states['before']}' EXCEPT {offsets}'{states['live']}'")
    assert not lacking, "the live consumer goes on where it was"
    assert await topicless.effects() == 0
    await console.close()


async def test_what_the_live_console_has_not_heard_is_a_difference(topicless: Stage) -> None:
    person = new_id()
    told = [*topicless.told, *(topicless.record(fact) for fact in (registered(person), enrolled(person)))]
    async with topicless.replay(topicless.archives(told)) as replay:
        await replay.rebuild()
        comparison = await replay.switch(actor=WHO)
        assert not comparison.equal
        (events,) = [line for line in comparison.lines if line.what == "events heard"]
        assert (events.live.rows, events.rebuilt.rows) == (181, 183)
        assert set(await topicless.states()) == {"live", "next"}


async def test_an_event_missing_in_the_archives_is_a_difference(topicless: Stage) -> None:
    async with topicless.replay(topicless.archives(topicless.told[:-1])) as replay:
        await replay.rebuild()
        comparison = await replay.switch(actor=WHO)
    assert {line.what for line in comparison.lines if not line.equal} >= {"case_event", "events heard"}
    assert await topicless.heard(181)


async def test_a_lost_read_model_comes_back(topicless: Stage) -> None:
    """Nothing to compare with: the operator accepts."""
    await topicless.as_owner(
        "TRUNCATE cases.case_event, cases.case_file, cases.person_region, cases.programme, inbox, stored_offset"
    )
    async with topicless.replay(topicless.archives()) as replay:
        await replay.rebuild()
        assert not (await replay.switch(actor=WHO)).equal
        await replay.switch(actor=WHO, accept_differences=True)
    console = topicless.console()
    assert all(len(page["items"]) == 3 for page in await pages(console, PEOPLE))
    await console.close()


async def test_what_only_the_log_held_stays_parked(
    kafka: Kafka, database_for: DatabaseFor, issuer: TestIssuer, tmp_path: Path, topic_prefix: str
) -> None:
    stage = Stage(kafka, await asyncio.to_thread(database_for, "console"), issuer, tmp_path, topic_prefix)
    await stage.tell(opened(), junk=[b"{"])
    async with running(stage.console()):
        await until(lambda: stage.heard(1), 60)
        await until(lambda: parked(stage, 1))
    async with stage.replay(stage.archives()) as replay:
        await replay.rebuild()
        comparison = await replay.switch(actor=WHO)
        assert [line.what for line in comparison.lines if not line.equal] == ["messages parked"]
        await replay.switch(actor=WHO, accept_differences=True)
    (row,) = await stage.as_owner("SELECT consumer FROM parked_message")
    assert row.consumer == (await stage.states())["live"]
    keys = await stage.as_owner("SELECT key FROM parked_key JOIN generation USING (consumer) WHERE state = 'live'")
    assert [key.key.split(":")[0] for key in keys] == ["not-an-id"]
