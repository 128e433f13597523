"""Done again, the same: what an event, a timer, a job or a request brings about has the same ids."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.auth import Role
from chassis.events import Delivered
from chassis.ids import Origin, derived_id, id_at, in_order, is_recent, new_id
from chassis.migrations import upgrade_package
from chassis.outbox import NotPublishable
from chassis.settings import ServiceSettings
from chassis.transaction import Transaction
from tests.chassis.builders import ordered, record
from tests.chassis.sample.contract import catalogue_with
from tests.chassis.sample.service import Credit, create_service, credit
from tests.support.databases import DatabaseFor
from tests.support.service import ServiceUnderTest, TestIssuer, settings_for

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
ACCOUNT = UUID(int=7)
Twins = tuple[ServiceUnderTest, ServiceUnderTest]


@pytest.fixture
async def twins(database_for: DatabaseFor, issuer: TestIssuer, tmp_path: Path) -> AsyncIterator[Twins]:
    """The sample twice, each on a database of its own: the second does again what the first did."""
    made: list[ServiceUnderTest] = []
    for _ in range(2):
        urls = await asyncio.to_thread(database_for, "sample", migrated=False)
        await asyncio.to_thread(upgrade_package, "tests.chassis.sample", urls.owner)
        settings = ServiceSettings(**settings_for(urls, issuer, tmp_path))
        made.append(ServiceUnderTest(create_service(settings, catalogue_with()), issuer))
    yield made[0], made[1]
    for sample in made:
        await sample.close()


async def told(sample: ServiceUnderTest) -> set[tuple[Any, ...]]:
    """What makes an event the same to whoever hears it."""
    rows = await sample.fetch_all(
        "SELECT event_id, type, subject, headers ->> 'ce_sequence' AS sequence, body FROM outbox"
    )
    return {(row.event_id, row.type, row.subject, row.sequence, bytes(row.body)) for row in rows}


def test_a_derived_id_is_a_uuid_of_its_causes_time() -> None:
    """Inbox and outbox are partitioned by the time in the id."""
    cause = new_id()
    found = derived_id(cause, "plan")
    assert found == derived_id(cause, "plan")
    assert (found.version, found.variant, found.int >> 80) == (7, cause.variant, cause.int >> 80)
    assert (
        len({found, cause, derived_id(cause, "visit"), derived_id(cause, "plan", 1), derived_id(new_id(), "plan")}) == 5
    )
    assert id_at(YESTERDAY, "timer").int >> 80 == int(YESTERDAY.timestamp() * 1000)


def test_a_derived_id_is_the_same_in_every_release() -> None:
    """What is done again after an update must meet what was done before it."""
    cause = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert [
        str(each) for each in (derived_id(cause, "plan", 1), in_order(cause, 3), id_at(MOMENT, "timer", cause))
    ] == [
        "01890a5d-ac96-750a-a50c-d3aecb36a1a8",
        "01890a5d-ac99-77b4-92af-ba1196e05767",
        "01a205b3-d000-78b5-a119-4e445d315206",
    ]


@pytest.mark.parametrize("event_id", [new_id(), uuid4()])
def test_an_event_is_named_by_source_and_id_together(event_id: UUID) -> None:
    """Also one of an outside publisher whose ids tell no time."""

    def origin(source: str) -> UUID:
        return Delivered(event_id, source, "t", "t", "k", "s", YESTERDAY, ACCOUNT, 1, ordered(1)).origin

    milliseconds = event_id.int >> 80 if event_id.version == 7 else int(YESTERDAY.timestamp() * 1000)
    assert origin("/a") == origin("/a") != origin("/b")
    assert origin("/a").int >> 80 == milliseconds


@pytest.mark.parametrize(
    ("key", "fit"),
    [
        (new_id(), True),
        (uuid4(), False),
        (id_at(datetime.now(UTC) - timedelta(days=399)), True),
        (id_at(datetime.now(UTC) - timedelta(days=401)), False),
        (id_at(datetime.now(UTC) + timedelta(days=2)), False),
    ],
)
def test_only_a_timely_key_gives_its_time(key: UUID, fit: bool) -> None:
    """A client must not be able to choose in which month its events are kept."""
    assert is_recent(key) is fit


async def test_the_same_log_in_other_batches_tells_the_same(twins: Twins) -> None:
    """Ids, sequences and bodies, whatever the batches were."""
    orders = [record(ordered(number % 3, number + 1), event_id=new_id()) for number in range(12)]
    for sample, size in zip(twins, (12, 5), strict=True):
        for start in range(0, len(orders), size):
            await sample.processor().process(orders[start : start + size])
    first, second = [await told(sample) for sample in twins]
    assert first == second
    assert len({event_id for event_id, *_ in first}) == 12


async def test_a_timer_tells_the_same_again_and_something_new_when_it_is_set_again(twins: Twins) -> None:
    """A timer is known by kind, subject and moment; what it tells later, by the sequence."""
    for sample in twins:
        for _ in range(2):
            async with sample.service.database.transaction() as tx:
                await tx.schedule("interest", YESTERDAY, ACCOUNT, {"amount_rupiah": 5})
            await sample.run_timers()
    first, second = [await told(sample) for sample in twins]
    assert first == second
    assert len(first) == 2


async def test_a_job_tells_the_same_again(twins: Twins) -> None:
    """Restored with its cursor, it does its later chunks once more."""
    same_id = new_id()
    for sample in twins:
        async with sample.service.database.transaction() as tx:
            job_id = await tx.start_job(
                "credit-many", {"ids": [str(UUID(int=n)) for n in range(5)], "amount_rupiah": 5}
            )
        await sample.execute("UPDATE job SET id = :job WHERE id = :id", id=job_id, job=same_id)
        await sample.run_jobs()
    first, second = [await told(sample) for sample in twins]
    assert first == second
    assert len(first) == 5


@pytest.mark.parametrize(
    ("key", "amounts", "same"),
    [(new_id(), (5, 5), True), (new_id(), (5, 6), False), (uuid4(), (5, 5), False)],
    ids=["the same", "another content", "a key that tells no time"],
)
async def test_a_request_sent_again_tells_the_same(
    twins: Twins, key: UUID, amounts: tuple[int, int], same: bool
) -> None:
    """Its key was lost with the database; the client, who has it, brings it back."""
    for sample, amount in zip(twins, amounts, strict=True):
        body = {"account_id": str(ACCOUNT), "amount_rupiah": amount}
        answer = await sample.as_(Role.PETUGAS).post("/credits", json=body, headers={"Idempotency-Key": str(key)})
        assert answer.status_code == 201
    first, second = [{event_id for event_id, *_ in await told(sample)} for sample in twins]
    assert (first == second) is same


async def test_one_id_for_two_facts_is_refused(twins: Twins) -> None:
    """Only what was adopted after a restore may come about again; anything else would lose the second fact."""

    async def act(sample: ServiceUnderTest) -> None:
        async with sample.service.database.transaction() as tx:
            await _credit_as(tx, UUID(int=9))

    await act(twins[0])
    with pytest.raises(NotPublishable, match="two facts"):
        await act(twins[0])
    rows = await twins[0].fetch_all("SELECT balance_rupiah FROM account")
    assert [row.balance_rupiah for row in rows] == [5]


async def _credit_as(tx: Transaction, origin: UUID) -> None:
    tx.act_for(Origin(origin))
    await credit(tx, Credit(account_id=ACCOUNT, amount_rupiah=5))


async def test_one_of_many_keeps_the_id_when_others_are_missing(twins: Twins) -> None:
    """A list sent again after a restore may serve fewer people: a name gives the id, not the place in the list."""
    origin = Origin(new_id())
    found = []
    for sample, people in zip(twins, ("a b c", "c a"), strict=True):
        async with sample.service.database.transaction() as tx:
            tx.act_for(origin)
            found.append({name: tx.new_id("bast", name) for name in people.split()})
    assert found[0] | found[1] == found[0]
    assert len(set(found[0].values())) == 3


async def test_what_is_undone_leaves_no_trace_in_ids_or_events(twins: Twins) -> None:
    """One row of a list is refused: what follows has the ids it would have had without."""
    origin = Origin(new_id())
    ids = []
    for sample, has_refused_row in zip(twins, (True, False), strict=True):
        async with sample.service.database.transaction() as tx:
            tx.act_for(origin)
            if has_refused_row:
                with pytest.raises(LookupError):
                    await _undone(tx)
            ids.append(tx.new_id())
            await credit(tx, Credit(account_id=ACCOUNT, amount_rupiah=5))
    assert ids[0] == ids[1]
    first, second = [await told(sample) for sample in twins]
    assert first == second
    assert len(first) == 1


async def _undone(tx: Transaction) -> None:
    async with tx.savepoint():
        tx.new_id()
        await credit(tx, Credit(account_id=ACCOUNT, amount_rupiah=5))
        raise LookupError
