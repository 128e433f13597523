"""Two services restored from backups taken while people were served: they catch up, and nobody notices."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.catalogue import CATALOGUE
from demo.officers import Office
from demo.waiting import until
from deploy.local.backup import dump
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.postgres import Postgres
from deploy.local.reconciling import reconciliation
from deploy.local.restoring import restore
from deploy.local.service import Service
from deploy.local.stack import Stack
from tests.journeys.conftest import stack_options
from tests.journeys.journey import PEOPLE_COUNT, Journey, travellers
from tests.journeys.patience import PatientTransport
from tests.journeys.test_journey import assert_every_case_ended_right

RESTORED = ("followup", "notifications")
WAIT_SECONDS = 180


@pytest.fixture
def unwatched() -> Iterator[Stack]:
    """A stack of this test's own that starts nothing again by itself: a restore needs stopped services."""
    folder = Path(tempfile.mkdtemp(prefix="sinergi-restored-"))
    folder.chmod(0o755)
    running = Stack(Home(folder), stack_options(), lambda _part, _what: None)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def journey(unwatched: Stack) -> AsyncIterator[Journey]:
    """Twenty people on that stack."""
    urls = {name: found["url"] for name, found in unwatched.state["services"].items()}
    async with httpx.AsyncClient(transport=PatientTransport(), timeout=30) as client:
        yield Journey(Office(urls, Issuer(unwatched.home).mint, client), "cadangan", travellers())


async def told(stack: Stack) -> Counter[tuple[str, str, str, str]]:
    """How often each event of the restored services is in the topics: type, subject, sequence, id."""
    topics = sorted({entry.topic.name for entry in CATALOGUE.values() if entry.owner in RESTORED})
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.state["kafka_bootstrap_servers"])
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(12)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        count = sum((await consumer.end_offsets(partitions)).values())
        found: Counter[tuple[str, str, str, str]] = Counter()
        while found.total() < count:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for headers in (dict(record.headers) for record in records):
                    names = ("ce_type", "ce_subject", "ce_sequence", "ce_id")
                    found[tuple(headers[name].decode() for name in names)] += 1
    finally:
        await consumer.stop()
    return found


async def accepted(stack: Stack) -> int:
    """Messages that the gateway has taken to send."""
    async with httpx.AsyncClient() as client:
        answer: dict[str, Any] = (await client.get(f"{_part(stack, 'sms_gateway').url}/simulator")).json()
    return int(answer["counts"]["accepted"])


def _part(stack: Stack, name: str) -> Service:
    return next(part for part in stack._parts if isinstance(part, Service) and part.name == name)


async def _served(journey: Journey) -> None:
    """Everybody has a plan, and all messages so far have arrived."""
    await until(journey.plans, lambda found: len(found) == PEOPLE_COUNT, what="plans", timeout_seconds=WAIT_SECONDS)
    await until(
        journey.messages,
        lambda found: len(found) == 3 * PEOPLE_COUNT and {each["state"] for each in found} == {"delivered"},
        what="messages delivered",
        timeout_seconds=WAIT_SECONDS,
    )


def _invited(messages: Sequence[dict[str, Any]]) -> bool:
    return any(each["template_code"] == "handover-invitation" for each in messages)


async def _restore(stack: Stack, names: Sequence[str], folder: Path) -> None:
    url = Postgres(stack.home, stack.state["servers"]["postgres"]["port"]).url()
    parts = [_part(stack, name) for name in names]
    for part in parts:
        await asyncio.to_thread(part.stop)
    await restore(stack.home, url, names, folder)
    for part in parts:
        await asyncio.to_thread(part.start, 120)
    for name in names:
        found = await reconciliation(url, name)
        assert found is not None
        assert found.is_caught_up, "ready, and not caught up"
        # Timers and senders do theirs after that; without an officer's act, nothing is to be entered again.
        await until(
            lambda name=name: reconciliation(url, name),  # type: ignore[misc]
            lambda found: found is not None and found.missing == (),
            what=f"{name} brings about again all it had told",
            timeout_seconds=WAIT_SECONDS,
        )


async def test_a_backup_of_two_services_taken_in_mid_journey_catches_up(
    unwatched: Stack, journey: Journey, tmp_path: Path
) -> None:
    """The same plans and messages, nothing told under a second id, nobody written to twice; then on to the end."""
    for step in (journey.open_programme, journey.register, journey.train, journey.decide):
        await step()
    handing_over = asyncio.create_task(journey.hand_over())
    await until(journey.messages, _invited, what="the first invitations", timeout_seconds=WAIT_SECONDS)
    url = Postgres(unwatched.home, unwatched.state["servers"]["postgres"]["port"]).url()
    for name in RESTORED:
        await asyncio.to_thread(dump, url, name, tmp_path)
    await handing_over
    await _served(journey)
    plans, messages, sent = await journey.plans(), await journey.messages(), await accepted(unwatched)
    before = await told(unwatched)
    await _restore(unwatched, RESTORED, tmp_path)
    await _served(journey)
    assert {each["plan_id"] for each in await journey.plans()} == {each["plan_id"] for each in plans}
    assert {each["id"] for each in await journey.messages()} == {each["id"] for each in messages}
    assert await accepted(unwatched) == sent
    assert set(await told(unwatched)) == set(before)
    await journey.mentor_families()
    await journey.graduate()
    await assert_every_case_ended_right(journey)
