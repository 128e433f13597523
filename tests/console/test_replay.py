"""The console's projection built again beside the live one: equal, repaired, refused, on the real broker."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis.auth import Role
from chassis.consumer import Consumers
from chassis.database import Database
from chassis.events import Delivered
from chassis.ids import new_id
from chassis.processing import Processor
from chassis.projection import GenerationChanged, join
from chassis.records import RecordReader
from chassis.replay import (
    Generations,
    Progress,
    ReplayFailed,
    ReplayRefused,
    generations,
    rebuilding,
    switch_back,
)
from chassis.transaction import Transaction
from contracts.catalogue import heard_by
from contracts.envelope import Fact, case_id
from contracts.registry import PersonRegisteredV1
from deploy.local.kafka import Kafka
from services.console.consumers import consumers as console_consumers
from tests.chassis.kafka import running, until
from tests.console.builders import PROGRAMME, enrolled, moved, opened, registered
from tests.console.replaying import CASES, WHO, Stage, pages
from tests.support.databases import DatabaseFor
from tests.support.service import ServiceUnderTest, TestIssuer

PEOPLE = [new_id() for _ in range(60)]
STRUCTURE = """
    SELECT 'column', c.relname, a.attname, format_type(atttypid, atttypmod), attnotnull::text FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = attrelid WHERE relnamespace = '{0}'::regnamespace AND attnum > 0 AND relkind = 'r'
    UNION ALL SELECT 'index', tablename, indexname, replace(indexdef, '{0}.', ''), '' FROM pg_indexes
    WHERE schemaname = '{0}'
    UNION ALL SELECT 'constraint', relname, conname, pg_get_constraintdef(k.oid), '' FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = conrelid WHERE relnamespace = '{0}'::regnamespace
    UNION ALL SELECT 'policy', tablename, policyname, roles::text || cmd, qual || with_check FROM pg_policies
    WHERE schemaname = '{0}'
    UNION ALL SELECT 'table', relname, relacl::text, relrowsecurity::text, relforcerowsecurity::text FROM pg_class
    WHERE relnamespace = '{0}'::regnamespace AND relkind = 'r'
    UNION ALL SELECT 'schema', '', nspacl::text, '', '' FROM pg_namespace WHERE nspname = '{0}'
    ORDER BY 1, 2, 3, 4, 5
"""


def life(people: Sequence[UUID]) -> list[Fact]:
    """Each person registered, enrolled and moved, in an order no service would tell it in."""
    return [
        *(enrolled(person) for person in people),
        *(registered(person) for person in people),
        *(moved("33.28.06.2001", person) for person in people),
    ]


@pytest.fixture
async def stage(
    kafka: Kafka, database_for: DatabaseFor, issuer: TestIssuer, tmp_path: Path, topic_prefix: str
) -> Stage:
    """A console with nothing told yet."""
    return Stage(kafka, await asyncio.to_thread(database_for, "console"), issuer, tmp_path, topic_prefix)


@pytest.fixture
async def settled(stage: Stage) -> Stage:
    """A console that has heard the life of 60 people, and some junk, and is stopped."""
    await stage.tell(opened(), *life(PEOPLE), junk=[b"{}", b"{"])
    async with running(stage.console()):
        await until(lambda: stage.heard(181), 60)
        await until(lambda: parked(stage, 2))
    return stage


async def parked(stage: Stage, count: int) -> bool:
    return len(await stage.as_owner("SELECT 1 FROM parked_message")) == count


async def test_a_rebuilt_generation_is_equal_and_takes_the_place(settled: Stage) -> None:
    seen: list[Progress] = []
    async with running(settled.console()) as console:
        before = await pages(console, PEOPLE)
        async with settled.replay(settled.topics(), progress=seen) as replay:
            await replay.rebuild()
            structures = [await settled.as_owner(STRUCTURE.format(schema)) for schema in ("cases", "cases_next")]
            comparison = await replay.switch(actor=WHO)
        assert comparison.equal
        rows = {line.what: line.rebuilt.rows for line in comparison.lines}
        assert rows == {
            "case_event": 181, "programme": 1, "person_region": 60, "case_file": 60, "events heard": 181,
            "messages parked": 2,
        }  # fmt: skip
        assert structures[0] == structures[1]
        assert seen[-1] == Progress(183, 183)
        assert (await settled.states())["before"] == "console"
        assert await pages(console, PEOPLE) == before
        await settled.tell(registered(person := new_id()), enrolled(person))
        await until(lambda: settled.heard(183), 60)
        await until(lambda: shown(console, person))
    assert await settled.effects() == 0


async def shown(console: Any, person: UUID) -> bool:
    (page,) = await pages(console, [person])
    return "items" in page and len(page["items"]) == 2


async def test_after_the_switch_a_case_says_what_the_live_generation_heard(settled: Stage) -> None:
    """Before and since: the operators' timeline would wait for ever for what only the rebuilt one heard."""
    async with running(settled.console()) as console:
        assert await settled.known(console, PEOPLE[0]) == Counter(processed=3)
        async with settled.replay(settled.topics()) as replay:
            await replay.rebuild()
            await replay.switch(actor=WHO)
        await settled.tell(registered(person := new_id()), enrolled(person))
        await until(lambda: settled.heard(183), 60)
        assert await settled.known(console, PEOPLE[0]) == Counter(processed=3)
        assert await settled.known(console, person) == Counter(processed=2)


async def test_events_that_arrive_meanwhile_are_in_it(stage: Stage) -> None:
    await stage.tell(opened(), *life(PEOPLE))
    later = [new_id() for _ in range(40)]

    async def go_on() -> None:
        for start in range(0, len(later), 4):
            await stage.tell(*life(later[start : start + 4]))

    async with running(stage.console()) as console:
        await until(lambda: stage.heard(181), 60)
        telling = asyncio.create_task(go_on())
        async with stage.replay(stage.topics()) as replay:
            await replay.rebuild()
            comparison = await replay.switch(actor=WHO)
        assert comparison.equal
        await telling
        await until(lambda: stage.heard(181 + 120), 60)
        assert all(len(page["items"]) == 3 for page in await pages(console, [*PEOPLE, *later]))


async def test_a_broken_read_model_is_found_and_repaired_and_there_is_a_way_back(settled: Stage) -> None:
    broken = case_id(PROGRAMME, PEOPLE[0])
    await settled.as_owner(f"DELETE FROM cases.case_event WHERE case_id = '{broken}'")
    await settled.as_owner(f"UPDATE cases.case_file SET region_code = '33.28.01' WHERE person_id = '{PEOPLE[1]}'")
    async with settled.replay(settled.topics()) as replay:
        await replay.rebuild()
        comparison = await replay.switch(actor=WHO)
        assert {line.what for line in comparison.lines if not line.equal} == {"case_event", "case_file"}
        assert set(await settled.states()) == {"live", "next"}
        assert await settled.heard(181)
        await replay.switch(actor=WHO, accept_differences=True)
    async with running(settled.console()) as console:
        assert [len(page["items"]) for page in await pages(console, PEOPLE[:2])] == [3, 3]
        await settled.tell(registered(person := new_id()), enrolled(person))
        await until(lambda: shown(console, person))
        async with Generations.opened(settled.urls.owner, "console", CASES) as opened_ones:
            await switch_back(opened_ones, actor=WHO)
        assert [len(page["items"]) for page in await pages(console, PEOPLE[:1])] == [2]
        await until(lambda: shown(console, person), 60)
    audit = await settled.as_owner("SELECT operation, actor FROM audit ORDER BY recorded_at")
    assert [tuple(row) for row in audit] == [
        ("projection.switched-with-differences", WHO),
        ("projection.switched-back", WHO),
    ]
    assert await settled.effects() == 0


async def _publish(tx: Transaction, events: Sequence[Delivered[Any]]) -> None:
    tx.publish(events[0].data, sequence=1, cause=events[0])


async def _schedule(tx: Transaction, events: Sequence[Delivered[Any]]) -> None:
    await tx.schedule("remind", tx.now, events[0].id)


async def _cancel(tx: Transaction, events: Sequence[Delivered[Any]]) -> None:
    await tx.cancel_timers("remind", events[0].id)


async def _start_job(tx: Transaction, _events: Sequence[Delivered[Any]]) -> None:
    await tx.start_job("remind", {})


@pytest.mark.parametrize("effect", [_publish, _schedule, _cancel, _start_job])
async def test_a_handler_with_effects_fails_the_replay_and_nothing_leaves(
    settled: Stage, effect: Callable[..., Awaitable[None]]
) -> None:
    consumers = Consumers()
    consumers.on(PersonRegisteredV1)(effect)
    consumers.on_all((entry for entry in heard_by("console") if entry.model is not PersonRegisteredV1), _nothing)
    async with settled.replay(settled.topics(), consumers) as replay:
        with pytest.raises(ReplayFailed, match=r"registry\.person_registered\.v1|EffectOfProjection"):
            await replay.rebuild()
    assert await settled.effects() == 0
    assert await settled.heard(181)


async def _nothing(_tx: Transaction, _events: Sequence[Delivered[Any]]) -> None:
    """Takes events without effect."""


async def test_a_killed_replay_is_started_again(settled: Stage) -> None:
    class Killed(BaseException):
        pass

    class Deadly(list[Progress]):
        def append(self, _progress: Progress) -> None:
            raise Killed

    with suppress(Killed):
        async with settled.replay(settled.topics(), progress=Deadly()) as replay:
            await replay.rebuild()
    half = (await settled.states())["next"]
    async with settled.replay(settled.topics()) as replay:
        await replay.rebuild()
        assert (await replay.switch(actor=WHO)).equal
    assert half not in (await settled.states()).values()
    rows = await settled.as_owner("SELECT DISTINCT consumer FROM inbox")
    assert {row.consumer for row in rows} == set((await settled.states()).values())


async def test_two_replays_at_once_are_refused(settled: Stage) -> None:
    async with settled.replay(settled.topics()):
        with pytest.raises(ReplayRefused, match="Another replay"):
            async with settled.replay(settled.topics()):
                raise AssertionError("both run")


async def test_a_generation_from_before_a_migration_is_not_gone_back_to(settled: Stage) -> None:
    async with settled.replay(settled.topics()) as replay:
        await replay.rebuild()
        await replay.switch(actor=WHO)
    await settled.as_owner("ALTER TABLE cases.case_file ADD COLUMN district text")
    async with Generations.opened(settled.urls.owner, "console", CASES) as opened_ones:
        with pytest.raises(ReplayRefused, match="migration"):
            await switch_back(opened_ones, actor=WHO)


def test_the_console_hears_nothing_that_is_in_no_archive() -> None:
    assert not [kind for kind in console_consumers.kinds if kind.startswith("inbound.")]


async def test_after_the_switch_parked_messages_are_the_new_generations(settled: Stage) -> None:
    old = Processor("console", *parts(console := settled.console()), "log", CASES)
    async with settled.replay(settled.topics()) as replay:
        await replay.rebuild()
        await replay.switch(actor=WHO)
    operator = console.as_(Role.OPERATOR, agency="*", region="")
    assert (await operator.post("/admin/parked/redrive", json={"all": True})).status_code == 201
    await console.run_jobs()
    live = (await settled.states())["live"]
    tried = await settled.as_owner("SELECT consumer FROM parked_message WHERE attempts > 1")
    assert {row.consumer for row in tried} == {live}
    listed = (await operator.get("/admin/parked")).json()
    assert len(listed["items"] if isinstance(listed, dict) else listed) == 2
    with pytest.raises(GenerationChanged):
        await old.process([settled.told[0]])
    await console.close()


def parts(console: ServiceUnderTest) -> tuple[Database, RecordReader, Consumers]:
    service = console.service
    reader = RecordReader(service.name, service.catalogue, service.consumers.kinds)
    return service.database, reader, service.consumers


async def test_a_live_batch_that_does_not_end_is_not_waited_for_long(
    settled: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "LOCK_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(rebuilding, "ATTEMPTS", 2)
    console = settled.console()
    async with settled.replay(settled.topics()) as replay:
        await replay.rebuild()
        async with console.service.database.transaction() as tx:
            await join(tx, CASES)
            with pytest.raises(ReplayFailed, match="faster 2 times"):
                await replay.switch(actor=WHO)
        assert (await replay.switch(actor=WHO)).equal
    await console.close()
