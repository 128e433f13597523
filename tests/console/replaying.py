"""The console on the real broker with topics of a test's own, and replays of its projection."""

import base64
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer, ConsumerRecord
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.admin.archive import ArchivedEvent
from chassis.auth import Role
from chassis.consumer import Consumers
from chassis.database import async_url
from chassis.projection import Projection
from chassis.replay import Archives, Generations, Progress, Replay, Topics
from chassis.service import Service
from contracts.catalogue import CATALOGUE
from contracts.envelope import Fact, case_id
from deploy.local.kafka import Kafka
from deploy.local.provision import DatabaseUrls
from services.console import api, store
from services.console.consumers import consumers as console_consumers
from services.console.settings import Settings
from tests.console.builders import PROGRAMME
from tests.support.service import ServiceUnderTest, TestIssuer, record_of, settings_for

CASES = Projection("cases", tuple(store.metadata.tables))
WHO = "operator:test"


@dataclass
class Stage:
    """A console, its database, its topics, and what was told so far."""

    kafka: Kafka
    urls: DatabaseUrls
    issuer: TestIssuer
    folder: Path
    prefix: str

    def __post_init__(self) -> None:
        self.told: list[ConsumerRecord[Any, Any]] = []

    def console(self, consumers: Consumers = console_consumers) -> ServiceUnderTest:
        """One more process of the console, or one whose handlers are others."""
        more = {"kafka_bootstrap_servers": self.kafka.bootstrap_servers}
        catalogue = {
            kind: replace(entry, topic=replace(entry.topic, name=self.prefix + entry.topic.name))
            for kind, entry in CATALOGUE.items()
        }
        service = Service(
            name="console",
            package="services.console",
            settings=Settings(**settings_for(self.urls, self.issuer, self.folder, **more)),
            catalogue=catalogue,
            routes=(api.routes,),
            consumers=consumers,
            projection=CASES,
        )
        return ServiceUnderTest(service, self.issuer)

    def record(self, fact: Fact) -> ConsumerRecord[Any, Any]:
        """The fact as its service publishes it."""
        record = record_of(fact)
        return replace(record, topic=self.prefix + record.topic)

    async def tell(self, *facts: Fact, junk: Sequence[bytes] = ()) -> None:
        """Publish facts as their services do, and junk into the topic of people."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka.bootstrap_servers, acks="all")
        await producer.start()
        try:
            for fact in facts:
                self.told.append(record := self.record(fact))
                await producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
            for value in junk:
                await producer.send(f"{self.prefix}registry.people", value, key=b"junk")
        finally:
            await producer.stop()

    def topics(self) -> Topics:
        """The log as a source, in small batches."""
        names = {self.prefix + CATALOGUE[kind].topic.name for kind in console_consumers.kinds}
        return Topics(self.kafka.bootstrap_servers, sorted(names), 40)

    def archives(self, told: Iterable[ConsumerRecord[Any, Any]] | None = None) -> Archives:
        """What was told as the archives of its publishers, seven events a page."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for record in self.told if told is None else told:
            headers = {name: value.decode() for name, value in record.headers}
            rows.setdefault(headers["ce_type"].split(".")[0], []).append(_archived(record, headers))

        async def fetch(publisher: str, after: int) -> Mapping[str, Any]:
            return {"items": [row for row in rows[publisher] if row["position"] > after][:7]}

        return Archives(sorted(rows), fetch)

    @asynccontextmanager
    async def replay(
        self,
        source: Topics | Archives,
        consumers: Consumers = console_consumers,
        progress: list[Progress] | None = None,
    ) -> AsyncIterator[Replay]:
        """A replay as the command line makes it."""
        service = self.console(consumers)
        seen = [] if progress is None else progress
        async with Generations.opened(self.urls.owner, "console", CASES) as generations:
            replay = Replay(service.service, generations, source, seen.append)
            try:
                yield replay
            finally:
                await replay.close()
                await service.close()

    async def as_owner(self, sql: str) -> list[Any]:
        """Run a statement that no role of the service may."""
        engine = create_async_engine(async_url(self.urls.owner))
        try:
            async with engine.begin() as connection:
                result = await connection.execute(text(sql))
                return list(result.all()) if result.returns_rows else []
        finally:
            await engine.dispose()

    async def effects(self) -> int:
        """How many events, timers and jobs the console's handlers made; a projection's make none."""
        (row,) = await self.as_owner(
            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM timer)"
            " + (SELECT count(*) FROM job WHERE kind <> 'retention')"
        )
        return int(row[0])

    async def states(self) -> dict[str, str]:
        """The consumer of each generation by its state."""
        rows = await self.as_owner("SELECT state, consumer FROM generation WHERE state <> 'dropped'")
        return {row.state: row.consumer for row in rows}

    async def known(self, console: ServiceUnderTest, person: UUID) -> Counter[str]:
        """How the console says that it stands to what was told of the person."""
        told = [dict(record.headers) for record in self.told if record.key == str(person).encode()]
        asked = {"case": str(case_id(PROGRAMME, person)), "event_id": [each["ce_id"].decode() for each in told]}
        answer = await console.as_(Role.OPERATOR, agency="*", region="").get("/admin/heard", params=asked)
        return Counter(view["state"] for view in answer.raise_for_status().json())

    async def heard(self, count: int) -> bool:
        """Whether the live generation has heard so many events."""
        rows = await self.as_owner("SELECT 1 FROM inbox JOIN generation USING (consumer) WHERE state = 'live'")
        return len(rows) == count


async def pages(console: ServiceUnderTest, people: Sequence[Any]) -> list[Any]:
    """What officers read of these people."""
    officer = console.as_(Role.PETUGAS)
    answers = [(await officer.get(f"/cases/{case_id(PROGRAMME, person)}/timeline")) for person in people]
    return [answer.json() for answer in answers]


def _archived(record: ConsumerRecord[Any, Any], headers: dict[str, str]) -> dict[str, Any]:
    event = ArchivedEvent(
        position=record.offset + 1,
        event_id=headers["ce_id"],
        topic=record.topic,
        key=record.key.decode(),
        type=headers["ce_type"],
        headers=headers,
        body_base64=base64.b64encode(record.value).decode(),
        recorded_at=headers["ce_time"],
    )
    return event.model_dump(mode="json")
