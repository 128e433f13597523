"""What the log may do to a service: the same event often, facts in any order within and across topics."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer

from chassis.ids import new_id
from contracts.catalogue import CATALOGUE
from contracts.envelope import Fact, LateEntryReason, case_id
from contracts.registry import ListSource, PersonRegisteredV1, PersonStatus, PopulationMatch
from contracts.training import CourseCompletedV1, CourseNotCompletedV1, EnrolledV1, NotCompletedReason
from demo.calendar import GOATS
from demo.officers import Office
from deploy.local.stack import Stack
from tests.journeys.journey import Journey
from tests.support.service import record_of

ON = date(2023, 11, 13)
VILLAGE = "33.28.04.2018"


@pytest.fixture
async def producer(stack: Stack) -> AsyncIterator[AIOKafkaProducer]:
    """Puts records on the real topics as another publisher would."""
    made = AIOKafkaProducer(bootstrap_servers=stack.state["kafka_bootstrap_servers"], acks="all", linger_ms=50)
    await made.start()
    yield made
    await made.stop()


async def send(producer: AIOKafkaProducer, facts: Sequence[tuple[Fact, int, UUID]], case: UUID) -> None:
    """Send facts with their sequence and event id, in this order, in as few batches as the client makes."""
    pending = []
    for fact, sequence, event_id in facts:
        record = record_of(fact, case=case, sequence=sequence, event_id=event_id)
        topic = CATALOGUE[fact.event_type].topic.name
        pending.append(await producer.send(topic, record.value, key=record.key, headers=list(record.headers)))
    for future in pending:
        await future


class Somebody:
    """A person with an enrolment, as facts of the registry and of training."""

    def __init__(self, programme_id: UUID) -> None:
        self.person_id, self.family_id = new_id(), new_id()
        self.case = case_id(programme_id, self.person_id)
        late = LateEntryReason.HISTORICAL_DATA
        self._told: dict[str, Any] = {"occurred_on": ON, "late_entry_reason": late, "agency": "dinsos"}
        self._enrolment: dict[str, Any] = {
            "enrolment_id": new_id(),
            "person_id": self.person_id,
            "programme_id": programme_id,
            "course_code": GOATS,
            "class_id": new_id(),
        }

    def registered(self) -> PersonRegisteredV1:
        """Known, with attributes that make the person eligible."""
        return PersonRegisteredV1(
            person_id=self.person_id,
            family_id=self.family_id,
            region_code=VILLAGE,
            decile=1,
            list_source=ListSource.P3KE,
            list_version="2023-tahap-1",
            list_dated_on=ON,
            population_match=PopulationMatch.MATCHED,
            status=PersonStatus.ACTIVE,
            import_id=new_id(),
            **self._told,
        )

    def enrolled(self) -> EnrolledV1:
        """Has a place."""
        return EnrolledV1(place_region_code=VILLAGE, session_dates=(ON,), **self._enrolment, **self._told)

    def completed(self) -> CourseCompletedV1:
        """Met the course rule."""
        counts = {"sessions_attended": 1, "sessions_required": 1}
        return CourseCompletedV1(completed_on=ON, **counts, **self._enrolment, **self._told)

    def not_completed(self) -> CourseNotCompletedV1:
        """Did not."""
        counts = {"sessions_attended": 0, "sessions_required": 1}
        return CourseNotCompletedV1(
            reason=NotCompletedReason.ATTENDANCE_SHORT, **counts, **self._enrolment, **self._told
        )


async def test_repeated_and_disordered_facts_end_where_ordered_ones_do(
    office: Office, producer: AIOKafkaProducer
) -> None:
    """The newest outcome of each enrolment counts, whatever came first, and however often."""
    journey = Journey(office, "kacau", ())
    await journey.open_programme()
    backwards, doubled, taken_back = (Somebody(journey.programme_id) for _ in range(3))
    again = new_id()
    await send(
        producer,
        [
            (backwards.completed(), 2, new_id()),
            (backwards.enrolled(), 1, new_id()),
            (backwards.registered(), 1, new_id()),
        ],
        backwards.case,
    )
    await send(
        producer,
        [
            (taken_back.not_completed(), 3, new_id()),
            (taken_back.registered(), 1, new_id()),
            (taken_back.completed(), 2, new_id()),
            (taken_back.enrolled(), 1, new_id()),
        ],
        taken_back.case,
    )
    await send(
        producer,
        [
            (doubled.registered(), 1, new_id()),
            (doubled.enrolled(), 1, new_id()),
            *[(doubled.completed(), 2, again) for _ in range(20)],
        ],
        doubled.case,
    )
    await send(producer, [(doubled.completed(), 2, again)], doubled.case)
    await journey.all_eligible([backwards.person_id, doubled.person_id])
    grants = await journey.allocated(2)
    assert {UUID(each["person_id"]): each["state"] for each in grants} == {
        backwards.person_id: "confirmed",
        doubled.person_id: "confirmed",
    }
