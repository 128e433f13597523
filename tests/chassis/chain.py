"""Two services behind each other on the real broker: the sample, and a mirror that tells of every credit it hears."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chassis.auth import Role
from chassis.consumer import Consumers
from chassis.events import Delivered
from chassis.ids import new_id
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.transaction import Transaction
from contracts.catalogue import Entry, Topic
from contracts.envelope import Fact
from contracts.fields import Id
from tests.chassis.builders import ON
from tests.chassis.kafka import published, running, until
from tests.chassis.sample.contract import CreditedV1, catalogue_with
from tests.chassis.sample.service import create_service
from tests.support.service import ServiceUnderTest, TestIssuer


class SeenV1(Fact):
    """The mirror saw a credit."""

    event_type = "mirror.seen.v1"
    account_id: Id


def chained_catalogue(prefix: str) -> dict[str, Entry]:
    """The sample's catalogue, in which the mirror hears what the sample tells."""
    told, seen = Topic(f"{prefix}sample.credits", partitions=3), Topic(f"{prefix}mirror.seen", partitions=3)
    entries = (
        Entry(CreditedV1, told, "account_id", "account_id", ("mirror",)),
        Entry(SeenV1, seen, "account_id", "account_id", ("external",)),
    )
    return catalogue_with(prefix) | {entry.type: entry for entry in entries}


@dataclass
class Chain:
    """Both services; each runs its loops only while a step below needs them."""

    first: ServiceUnderTest
    second: ServiceUnderTest
    batch_sizes: list[int]
    account_id: UUID = field(default_factory=new_id)

    async def credit_at_once(self, count: int) -> None:
        """So many requests for one account, all published."""
        async with running(self.first):
            officer = self.first.as_(Role.PETUGAS)
            body = {"account_id": str(self.account_id), "amount_rupiah": 5}
            answers = await asyncio.gather(*(officer.post("/credits", json=body) for _ in range(count)))
            assert {answer.status_code for answer in answers} == {201}
            await until(lambda: published(self.first))

    async def hear_and_tell(self, count: int) -> None:
        """The mirror hears so many events and publishes as many."""

        async def all_told() -> bool:
            rows = await self.second.fetch_all("SELECT 1 FROM outbox WHERE published_at IS NOT NULL")
            return len(rows) == count

        async with running(self.second):
            await until(all_told)


def make_chain(settings: Callable[[str], ServiceSettings], issuer: TestIssuer, prefix: str) -> Chain:
    """The two services on databases of their own; `settings` are asked by name of service."""
    catalogue = chained_catalogue(prefix)
    batch_sizes: list[int] = []
    consumers = Consumers()

    @consumers.on(CreditedV1)
    async def credited(tx: Transaction, events: Sequence[Delivered[CreditedV1]]) -> None:
        batch_sizes.append(len(events))
        for event in events:
            fact = SeenV1(occurred_on=ON, agency="dinsos", account_id=event.data.account_id)
            tx.publish(fact, sequence=event.sequence, cause=event)

    mirror = Service(
        name="mirror", package="tests.chassis.sample", settings=settings("mirror"), catalogue=catalogue,
        consumers=consumers,
    )  # fmt: skip
    first = ServiceUnderTest(create_service(settings("sample"), catalogue), issuer)
    return Chain(first, ServiceUnderTest(mirror, issuer), batch_sizes)
