"""Every message goes out exactly once and ends in a final state, whatever the partners do; nobody waits for them."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from aiosmtpd.smtp import SMTP

from deploy.local.kafka import Kafka
from simulators.gateway_settings import GatewaySettings
from simulators.sms_gateway import create_app
from tests.chassis.kafka import running
from tests.faults.extent import extent, seed_of_run
from tests.faults.partners import Mailbag, MoodyMailServer, arrives, mailbag, outcomes, sent_by_gateway
from tests.faults.poison import Ward, prefixed, publish
from tests.faults.proxy import Fault, Kind, Proxy, Way, strike
from tests.notifications.conftest import SECRET, PeopleOfTheRegistry
from tests.notifications.servers import listening_socket, serving, url_of
from tests.support.service import ServiceFactory, ServiceUnderTest

CALLS = extent(full=1_000, smoke=50)
KINDS: Final = (Kind.RESET, Kind.HOLD, Kind.SLOW)
"""What the gateway's connections suffer after its silence."""


@dataclass
class Surroundings:
    """Notifications with its partners around it."""

    service: ServiceUnderTest
    people: PeopleOfTheRegistry
    before_gateway: Proxy
    gateway: GatewaySettings
    mail: MoodyMailServer
    prefix: str


@pytest.fixture
async def surroundings(
    start_service: ServiceFactory, kafka: Kafka, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Surroundings]:
    """The simulated gateway behind a proxy that can silence it, a moody mail server, a registry that answers."""
    people, mail = PeopleOfTheRegistry(), MoodyMailServer()
    registry_at, gateway_at, service_at, mail_at = (listening_socket() for _ in range(4))
    proxy = Proxy(gateway_at.getsockname()[1])
    gateway = GatewaySettings(
        secret=SECRET, SMS_RECEIPTS_URL=f"{url_of(service_at)}/receipts/sms", receipt_after_seconds=0.05,
        late_after_seconds=3, hang_seconds=4, late_per_mille=200, repeated_per_mille=200, lost_per_mille=200,
        failed_per_mille=100, sent_file=tmp_path / "sent.jsonl",
    )  # fmt: skip
    monkeypatch.setattr("services.notifications.main.CATALOGUE", prefixed(topic_prefix))
    service = await start_service(
        "notifications", kafka_bootstrap_servers=kafka.bootstrap_servers, registry_url=url_of(registry_at),
        sms_gateway_url=f"http://127.0.0.1:{proxy.port}", sms_gateway_secret=SECRET, sms_timeout_seconds=2,
        smtp_url=f"smtp://127.0.0.1:{mail_at.getsockname()[1]}", smtp_timeout_seconds=1, receipt_wait_seconds=1,
        receipt_deadline_seconds=10,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(mail, loop=loop), sock=mail_at)
    proxy.start()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(people.app(), registry_at))
        await stack.enter_async_context(serving(service.service.app, service_at, lifespan=False))
        await stack.enter_async_context(serving(create_app(gateway), gateway_at))
        yield Surroundings(service, people, proxy, gateway, mail, topic_prefix)
    proxy.stop()
    smtp.close()
    await smtp.wait_closed()


async def test_each_message_once_whatever_the_partners_do(surroundings: Surroundings, kafka: Kafka) -> None:
    lot = random.Random(seed_of_run())
    around, service = surroundings, surroundings.service
    bag = mailbag(around.people, lot, CALLS)
    ward = Ward(service, around.prefix)
    first, *others = bag.cut(1 + len(KINDS))
    async with running(service):
        with around.before_gateway.suffering(Fault(Kind.HOLD, Way.BOTH, 0)):
            await publish(kafka.bootstrap_servers, around.prefix, first)
            # The gateway is silent: everything is consumed nevertheless, and what other services tell has its effect.
            await ward.consumed(len(first))
            await ward.until(lambda: was_asked(around.before_gateway), "the silent gateway was called")
            assert not any(each.state == "delivered" for each in await outcomes(service))
        for kind, part in zip(lot.sample(KINDS, len(KINDS)), others, strict=True):
            await publish(kafka.bootstrap_servers, around.prefix, part)
            await strike(around.before_gateway, Fault.drawn(lot, kind))
        await ward.consumed(len(bag.messages))
        began = time.monotonic()
        await ward.until(lambda: all_final(service), "every message settled")
        sys.stderr.write(f"{CALLS} messages settled {time.monotonic() - began:.0f} s after the last fault\n")
    await judge(around, bag)


async def was_asked(gateway: Proxy) -> bool:
    """Whether somebody tried to reach it since its fault began."""
    return gateway.hit_count > 0


async def all_final(service: ServiceUnderTest) -> bool:
    """Whether nothing is under way."""
    return all(each.final for each in await outcomes(service))


async def judge(around: Surroundings, bag: Mailbag) -> None:
    """The partners' own records against the service's states."""
    found = await outcomes(around.service)
    assert around.gateway.sent_file is not None
    sent = sent_by_gateway(around.gateway.sent_file)
    sys.stderr.write(f"{Counter((each.channel, each.state, each.reason) for each in found)}\n")
    assert len(found) == CALLS
    assert [reference for reference, count in sent.items() if count > 1] == []
    by_sms = {each.reference: each for each in found if each.channel == "sms"}
    assert {each.person_id for each in by_sms.values()} == bag.phones.keys()
    # Whatever the gateway took is known as taken; what it brings to its number is known as delivered, nothing else is.
    arrived = {
        key for key, each in by_sms.items() if arrives(around.gateway, bag.phones[each.person_id], str(each.reference))
    }
    assert arrived
    assert {key for key, each in by_sms.items() if each.state == "delivered"} == arrived
    assert arrived <= set(sent) <= set(by_sms)
    assert {key for key, each in by_sms.items() if each.state == "listed" and each.reason == "refused_by_gateway"} <= (
        set(by_sms) - set(sent)
    )
    assert [key for key, count in around.mail.taken.items() if count > 1] == []
    mailed = {f"<{each.reference}@example.go.id>" for each in found if each.channel == "email" and each.state == "sent"}
    assert mailed
    assert mailed <= set(around.mail.taken)
