"""Dinas Koperasi with a system of its own: hears who is to receive aid, reports whom it already gave some.

Its records know people by NIK, never by our ids: each NIK is resolved once, one at a time, through the registry's
look-up, under Dinas Koperasi's own token and with its purpose. Nothing about a NIK travels in an event.

Run: `python -m partners.dinas_koperasi --registry-url http://… --bootstrap-servers host:port`,
token in `REGISTRY_TOKEN`.
"""

import argparse
import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.disbursement import AidAllocatedV1, AidHandedOverV1
from contracts.envelope import LateEntryReason
from contracts.inbound import AssistanceGivenV1
from partners.cloudevents import Heard, heard_in, hearing, new_id, producer, tell
from partners.orders import NotYetError, Order, serve

WANTED: Final = (AidAllocatedV1, AidHandedOverV1)
SOURCE: Final = "urn:agency:dinas-koperasi"
AGENCY: Final = "dinas-koperasi"
PURPOSE: Final = "data_exchange"


class AidGiven(Order):
    """A line of Dinas Koperasi's own records: productive aid it gave to somebody."""

    nik: str
    region_code: str
    package_code: str
    amount_rupiah: int
    occurred_on: date
    late_entry_reason: LateEntryReason | None = None


class Registry:
    """The one look-up an outside agency has: from a NIK to the registry's person id."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10)

    async def resolve(self, nik: str) -> UUID:
        """The person id of a NIK. Raises NotYetError when the registry does not answer with one."""
        question = {"niks": [nik], "purpose": PURPOSE}
        try:
            response = await self._client.post("/people/resolve", json=question)
        except httpx.HTTPError as error:
            raise NotYetError(f"the registry is out of reach: {type(error).__name__}") from error
        if response.status_code != httpx.codes.OK:
            raise NotYetError(f"the registry answered {response.status_code}")
        found = response.json()["items"][0]["person_id"]
        if found is None:
            raise NotYetError("the registry knows nobody with this NIK")
        return UUID(found)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


@dataclass(slots=True)
class Comparison:
    """Aid given by Dinas Koperasi against aid planned by others, by person; each match is told once."""

    _given: dict[UUID, AssistanceGivenV1] = field(default_factory=dict)
    _planned: dict[UUID, Heard] = field(default_factory=dict)
    _told: set[UUID] = field(default_factory=set)

    def hear(self, heard: Heard) -> None:
        """Somebody is to receive, or received, aid of another agency."""
        if isinstance(heard.fact, WANTED):
            self._planned[heard.fact.person_id] = heard

    def record(self, given: AssistanceGivenV1) -> None:
        """Dinas Koperasi gave aid."""
        self._given[given.person_id] = given

    def matches(self) -> list[tuple[AssistanceGivenV1, Heard]]:
        """Double aid not told yet, with the fact that showed it."""
        found = sorted(self._given.keys() & self._planned.keys() - self._told)
        self._told.update(found)
        return [(self._given[person_id], self._planned[person_id]) for person_id in found]


@dataclass(frozen=True, slots=True)
class DinasKoperasi:
    """The agency's system at work."""

    comparison: Comparison
    registry: Registry
    sender: AIOKafkaProducer
    prefix: str

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        """Hear for ever and tell every double aid found."""
        async for record in consumer:
            if heard := heard_in(record, WANTED):
                self.comparison.hear(heard)
                await self.tell_matches()

    async def record(self, order: AidGiven) -> int:
        """Find the person of an own record and compare; the number of reports that follow at once."""
        person_id = await self.registry.resolve(order.nik)
        details = order.model_dump(exclude={"nik"})
        self.comparison.record(AssistanceGivenV1(assistance_id=new_id(), person_id=person_id, agency=AGENCY, **details))
        return await self.tell_matches()

    async def tell_matches(self) -> int:
        """Report every double aid not told yet; the number of reports."""
        matches = self.comparison.matches()
        for given, cause in matches:
            await tell(self.sender, given, source=SOURCE, prefix=self.prefix, cause=cause)
        return len(matches)


async def main(registry_url: str, token: str, bootstrap_servers: str, prefix: str) -> None:
    """Take part until standard input closes."""
    registry = Registry(registry_url, token)
    async with (
        hearing(bootstrap_servers, f"{prefix}{AGENCY}", prefix, WANTED) as consumer,
        producer(bootstrap_servers) as sender,
    ):
        office = DinasKoperasi(Comparison(), registry, sender, prefix)
        listening = asyncio.create_task(office.listen(consumer))
        await serve(AidGiven, office.record)
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
    await registry.close()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Dinas Koperasi, reporting the aid it gave.")
    parser.add_argument("--registry-url", required=True)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topic-prefix", default="")
    return parser.parse_args()


if __name__ == "__main__":
    read = arguments()
    asyncio.run(main(read.registry_url, os.environ["REGISTRY_TOKEN"], read.bootstrap_servers, read.topic_prefix))
