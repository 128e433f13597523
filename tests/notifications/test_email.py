"""E-mail to a real SMTP server, for those who have an address but no number."""

import asyncio
import email
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import Message
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP

from services.notifications.clients.smtp import Mail, MailServer
from services.notifications.domain.outcome import FailureReason, OutcomeUnknown, Permanent, Retryable
from services.notifications.usecases.mark_as_email import mark_as_email
from services.notifications.usecases.take_up_messages import take_up_messages
from tests.notifications.builders import handed_over, scheduled
from tests.notifications.conftest import PeopleOfTheRegistry, World
from tests.notifications.servers import listening_socket, serving, url_of
from tests.registry.builders import cells, registered
from tests.support.service import ServiceFactory, ServiceUnderTest


class Inbox:
    """Takes mail; refuses what its addresses ask for."""

    def __init__(self) -> None:
        self.mails: list[Message[str, str]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if address.startswith("later"):
            return "451 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if any(address.startswith("hang") for address in envelope.rcpt_tos):
            await asyncio.sleep(1)
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[Inbox, int]]:
    """A mail server and its port."""
    taken = Inbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(taken, loop=loop), sock=(listener := listening_socket()))
    yield taken, listener.getsockname()[1]
    server.close()
    await server.wait_closed()


def _mail(port: int) -> Mail:
    server = MailServer.at(f"smtp://127.0.0.1:{port}", timeout_seconds=0.5, sender="no-reply@example.go.id")
    return Mail(server)


async def test_a_mail_bears_its_client_reference(inbox: tuple[Inbox, int]) -> None:
    taken, port = inbox
    reference = UUID(int=1)
    await _mail(port).send(reference, "siti@example.org", "Undangan", "Yth. Siti – mohon hadir")
    (mail,) = taken.mails
    assert mail["Message-ID"] == f"<{reference}@example.go.id>"
    assert (mail["To"], mail["Subject"]) == ("siti@example.org", "Undangan")
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "Yth. Siti – mohon hadir" in text.decode()


async def test_refusals_are_typed(inbox: tuple[Inbox, int]) -> None:
    _, port = inbox
    for address, expected in (
        ("nobody@example.org", Permanent),
        ("later@example.org", Retryable),
        ("hang@example.org", OutcomeUnknown),
    ):
        with pytest.raises(expected) as caught:
            await _mail(port).send(UUID(int=1), address, "x", "y")
        assert "example.org" not in str(caught.value)
        if isinstance(caught.value, Permanent):
            assert caught.value.reason is FailureReason.DEAD_NUMBER
    with pytest.raises(Retryable):
        await _mail(1).send(UUID(int=1), "siti@example.org", "x", "y")


async def test_only_those_without_a_number_get_mail(start_service: ServiceFactory, inbox: tuple[Inbox, int]) -> None:
    taken, port = inbox
    people = PeopleOfTheRegistry()
    registry_at = listening_socket()
    service = await start_service(
        "notifications", registry_url=url_of(registry_at), sms_gateway_url="http://127.0.0.1:1",
        smtp_url=f"smtp://127.0.0.1:{port}", smtp_timeout_seconds=0.5,
    )  # fmt: skip
    with_both = people.add("+6281234012345", email="both@example.org")
    mail_only, refused, slow = (people.add(None, email=f"{name}@example.org") for name in ("mail", "nobody", "hang"))
    async with serving(people.app(), registry_at):
        await service.deliver(*(scheduled(person) for person in (with_both, mail_only, refused, slow)))
        await service.run_workers()
    rows = await service.fetch_all(
        "SELECT m.person_id, m.state, m.reason, a.channel FROM message m JOIN attempt a ON a.message_id = m.id"
    )
    assert {row.person_id: (row.state, row.reason, row.channel) for row in rows} == {
        with_both: ("queued", None, "sms"),
        mail_only: ("sent", None, "email"),
        refused: ("listed", "dead_number", "email"),
        slow: ("listed", "expired", "email"),
    }
    assert [mail["To"] for mail in taken.mails] == ["mail@example.org"]


@pytest.mark.parametrize("mail_server", [True, False])
async def test_an_address_of_a_list_is_written_to_where_there_is_a_mail_server(
    start_service: ServiceFactory, registry: ServiceUnderTest, inbox: tuple[Inbox, int], mail_server: bool
) -> None:
    """From the registry's own answer to the mail: nothing between the two services is made up."""
    taken, port = inbox
    (person_id,) = await registered(registry, cells(1, no_hp="", surel="siti@example.org"))
    registry_at = listening_socket()
    service = await start_service(
        "notifications", registry_url=url_of(registry_at), sms_gateway_url="http://127.0.0.1:1",
        smtp_url=f"smtp://127.0.0.1:{port}" if mail_server else "",
    )  # fmt: skip
    async with serving(registry.service.app, registry_at, lifespan=False):
        await service.deliver(scheduled(person_id))
        await service.run_workers()
    (message,) = await service.fetch_all(
        "SELECT m.state, m.reason, a.channel FROM message m JOIN attempt a ON a.message_id = m.id"
    )
    told = [mail["To"] for mail in taken.mails]
    if mail_server:
        assert (tuple(message), told) == (("sent", None, "email"), ["siti@example.org"])
        assert "Warga Sintetis 1" in str(taken.mails[0])
    else:
        assert (tuple(message), told) == (("listed", "no_contact", "sms"), [])


async def test_a_mail_left_by_a_crash_is_not_sent_again(world: World) -> None:
    await world.service.deliver(handed_over(world.people.add(None, email="mail@example.org")))
    async with world.service.service.database.transaction() as tx:
        taken, _ = await take_up_messages(tx, 10, timedelta(seconds=60))
    async with world.service.service.database.transaction() as tx:
        await mark_as_email(tx, [one.message_id for one in taken])
    await world.hurry()
    await world.settle(until="failed")
    assert await world.event_names() == ["failed"]


def test_the_server_stands_in_one_address() -> None:
    server = MailServer.at("smtp+starttls://dinsos:p%40ss@mail.example.go.id", timeout_seconds=1, sender="a@b")
    assert (server.host, server.port, server.username, server.password) == ("mail.example.go.id", 587, "dinsos", "p@ss")
    with pytest.raises(ValueError, match="SMTP_URL"):
        MailServer.at("http://mail.example.go.id", timeout_seconds=1, sender="a@b")


async def test_without_the_promised_encryption_nothing_is_sent(inbox: tuple[Inbox, int]) -> None:
    taken, port = inbox
    server = MailServer.at(f"smtp+starttls://127.0.0.1:{port}", timeout_seconds=0.5, sender="a@example.go.id")
    with pytest.raises(Retryable):
        await Mail(server).send(UUID(int=1), "siti@example.org", "x", "y")
    assert taken.mails == []
