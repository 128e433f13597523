"""The same log heard by two fresh databases in other batches: the same ids, events, sequences and contents.

This is what a restored service does with what it hears again, for each of the services that tell because of events.
"""

import itertools
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord

from chassis.ids import derived_id, new_id
from contracts.envelope import Fact
from contracts.registry import PersonStatus
from tests.disbursement import builders as disbursement
from tests.disbursement.world import World as DisbursementWorld
from tests.followup import builders as followup
from tests.notifications import builders as notifications
from tests.support.service import OfficerClient, ServiceFactory, ServiceUnderTest, record_of
from tests.training import builders as training

Records = Sequence[ConsumerRecord[Any, Any]]
SIZES = (1000, 1, 3)


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Officers repeat their requests: the n-th after each call of this has the same Idempotency-Key."""
    base, plain, numbers = new_id(), OfficerClient.post, [itertools.count()]

    async def post(self: OfficerClient, url: Any, **options: Any) -> Any:
        key = str(derived_id(base, next(numbers[0])))
        return await plain(self, url, headers={"Idempotency-Key": key}, **options)

    monkeypatch.setattr(OfficerClient, "post", post)
    return lambda: numbers.__setitem__(0, itertools.count())


async def told(service: ServiceUnderTest) -> dict[UUID, tuple[Any, ...]]:
    """What the service told the world, by event."""
    sql = "SELECT event_id, type, subject, headers ->> 'ce_sequence' AS sequence, body FROM outbox"
    rows = await service.fetch_all(sql)
    return {row.event_id: (row.type, row.subject, row.sequence, bytes(row.body)) for row in rows}


async def hear(service: ServiceUnderTest, records: Records, size: int) -> None:
    """Process a log in batches of this size."""
    for start in range(0, len(records), size):
        await service.processor().process(records[start : start + size])
    parked = await service.fetch_all("SELECT type, reason, detail FROM parked_message")
    assert not parked, [tuple(row) for row in parked]
    await service.run_timers()


def log_of(facts: Sequence[tuple[Fact, int]]) -> Records:
    """Facts with their sequences as records with fixed ids."""
    return [record_of(fact, sequence=sequence, event_id=new_id()) for fact, sequence in facts]


def followup_logs() -> Sequence[Records]:
    """Plans made, suspended, gone on with, stopped by death and by cancelling; one made for somebody known as dead.

    One topic after the other, since nobody promises an order between them.
    """
    handed = [followup.handed_over() for _ in range(5)]
    dead = handed[4].person_id
    grants: list[tuple[Fact, int]] = [(fact, 5) for fact in handed]
    grants += [(followup.voided(handed[0]), 6), (followup.voided(handed[1]), 6), (followup.replaced(handed[0]), 7)]
    grants.append((followup.cancelled(handed[1]), 7))
    mended = (followup.person_corrected(dead, PersonStatus.ACTIVE), 3)
    moved = (followup.person_corrected(handed[2].person_id, PersonStatus.MOVED_AWAY), 2)
    return [
        log_of([(followup.person_corrected(dead, PersonStatus.DECEASED), 2)]),
        log_of(grants),
        log_of([mended, moved]),
    ]


async def test_followup_tells_the_same_again(start_service: ServiceFactory) -> None:
    """Plans, visits and timers, too."""
    logs, found = followup_logs(), []
    for size in SIZES:
        service = await start_service("followup")
        for log in logs:
            await hear(service, log, size)
        plans = await service.fetch_all("SELECT id, grant_id, state, version FROM mentoring_plan ORDER BY id")
        visits = await service.fetch_all("SELECT id, visit_number, due_on FROM visit ORDER BY id")
        found.append((await told(service), plans, visits))
    assert len(found[0][0]) > len(found[0][1]) == 5
    assert found[0] == found[1] == found[2]


async def test_notifications_queues_the_same_again(start_service: ServiceFactory) -> None:
    """Messages have the ids they had, and so have the client references that gateways know."""
    people = [new_id() for _ in range(4)]
    invited = [notifications.enrolled(person_id) for person_id in people]
    facts: list[tuple[Fact, int]] = [(fact, 1) for fact in invited]
    facts += [
        (notifications.rescheduled(invited[0], date(2023, 10, 27)), 2),
        (notifications.not_completed(invited[1]), 2),
    ]
    facts += [(notifications.scheduled(person_id), 4) for person_id in people]
    facts += [(notifications.handed_over(people[2]), 5), (notifications.graduated(people[3]), 9)]
    log, found = log_of(facts), []
    for size in SIZES:
        service = await start_service("notifications")
        await hear(service, log, size)
        found.append(await service.fetch_all("SELECT id, cause_id, state, version, facts FROM message ORDER BY id"))
    assert len(found[0]) == 11
    assert found[0] == found[1] == found[2]


async def test_training_tells_the_same_again(start_service: ServiceFactory, numbered: Callable[[], None]) -> None:
    """Sheets of providers, those not accepted, and enrolments ended by death, also one taken back at once."""
    log: Records = ()
    found = []
    for size in SIZES:
        numbered()
        service = await start_service("training")
        world, class_id, enrolments, person_ids = await _class_of_three(service)
        if not log:
            sessions = await world.sessions(class_id)
            sheet = training.reported(class_id, sessions[0], training.everybody(*enrolments))
            unknown = training.reported(new_id(), sessions[0], training.everybody(*enrolments))
            moves = [(training.corrected(person_ids[0], status), n) for n, status in ((2, "deceased"), (3, "active"))]
            log = log_of([(sheet, 1), (unknown, 1), *moves, (training.corrected(person_ids[1], "moved_away"), 2)])
        await hear(service, log, size)
        sheets = await service.fetch_all("SELECT id, state FROM sheet ORDER BY id")
        refused = await service.fetch_all("SELECT id, refusal FROM unaccepted_sheet ORDER BY id")
        found.append((await told(service), sheets, refused))
    assert (len(found[0][1]), len(found[0][2])) == (1, 1)
    assert found[0] == found[1] == found[2]


_PROGRAMME, _PEOPLE = new_id(), [new_id() for _ in range(3)]


async def _class_of_three(service: ServiceUnderTest) -> tuple[training.World, UUID, list[UUID], list[UUID]]:
    world = await training.World.create(service)
    await service.deliver(training.opened(_PROGRAMME, "tata-boga", "menjahit"))
    world.programme_id = _PROGRAMME
    await service.deliver(*(training.registered(person_id) for person_id in _PEOPLE))
    class_id = await world.schedule()
    return world, class_id, [await world.enrol(class_id, person_id) for person_id in _PEOPLE], _PEOPLE


async def test_disbursement_tells_the_same_again(start_service: ServiceFactory, numbered: Callable[[], None]) -> None:
    """Grants allocated by a job, confirmed, released and allocated again, whatever came in one batch with what."""
    person_ids = list(disbursement.people(6))
    family = {"family_id": person_ids[0]}
    known = [
        *(disbursement.registered(each) for each in person_ids[:5]),
        disbursement.registered(person_ids[5], **family),
    ]
    first: Records = ()
    log: Records = ()
    found = []
    for size in SIZES:
        numbered()
        service = await start_service("disbursement")
        world = await DisbursementWorld.make(service)
        if not log:
            first = log_of([(fact, 1) for fact in [*known, *(world.enrolled(each) for each in person_ids[:5])]])
            facts: list[tuple[Fact, int]] = [(world.completed(each), 2) for each in person_ids[:3]]
            facts += [(world.not_completed(person_ids[3]), 2), (world.completed(person_ids[3]), 3)]
            facts += [(disbursement.corrected(person_ids[1], decile=9), 2), (disbursement.corrected(person_ids[1]), 3)]
            facts += [(disbursement.corrected(person_ids[4], status=PersonStatus.DECEASED), 2)]
            facts += [(disbursement.assistance(person_ids[5]), 1), (disbursement.assistance(person_ids[0]), 1)]
            log = log_of(facts)
        await hear(service, first, size)
        await world.allocate()
        await hear(service, log, size)
        grants = await service.fetch_all("SELECT id, person_id, state, version FROM aid_grant ORDER BY id")
        found.append((await told(service), grants))
    assert len(found[0][1]) > 5
    assert found[0] == found[1] == found[2]
