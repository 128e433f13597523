"""Partners that are slow, wrong, silent or repeat themselves: an SMS gateway, a mail server that cannot be asked."""

import asyncio
import email
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.policy import default
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from aiokafka import ConsumerRecord

from contracts.envelope import Fact
from contracts.registry import PersonField
from simulators.gateway_settings import GatewaySettings
from simulators.magic_numbers import MAGIC_ENDINGS, Reaction, treatment
from tests.faults.poison import Sent
from tests.notifications.builders import corrected, enrolled
from tests.notifications.conftest import PeopleOfTheRegistry
from tests.support.service import ServiceUnderTest, record_of

FINAL: Final = frozenset({"delivered", "listed", "failed", "superseded"})
"""States in which nothing is under way any more; mail is final when it is sent, since no receipt follows."""
MAIL_MOODS: Final = ("mail", "mail", "nobody", "later", "hang", "drop")


class MoodyMailServer:
    """Takes mail, refuses, puts off, answers too late or hangs up, by the first letters of the address."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        """Mails by Message-ID."""
        self._put_off: Counter[str] = Counter()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Refuse who does not exist; put off twice."""
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if address.startswith("later") and self._put_off[address] < 2:
            self._put_off[address] += 1
            return "451 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take the mail; then perhaps answer too late, or not at all."""
        self.taken[str(email.message_from_bytes(envelope.content, policy=default)["Message-ID"])] += 1
        if any(address.startswith("hang") for address in envelope.rcpt_tos):
            await asyncio.sleep(2)
        if any(address.startswith("drop") for address in envelope.rcpt_tos):
            server.transport.abort()
        return "250 OK"


@dataclass
class Mailbag:
    """What is to be told to whom."""

    messages: list[Sent] = field(default_factory=list)
    phones: dict[UUID, str] = field(default_factory=dict)
    """People with a telephone, and its number."""

    def cut(self, count: int) -> Iterator[Sequence[Sent]]:
        """So many parts of about the same size; what is told of one person stays together."""
        size = -(-len(self.messages) // (2 * count)) * 2
        return (self.messages[start : start + size] for start in range(0, len(self.messages), size))


def mailbag(people: PeopleOfTheRegistry, lot: random.Random, count: int) -> Mailbag:
    """So many invitations: half of the numbers with a gateway's special treatment, every sixth person by mail only.

    Between them comes what other services tell, which must not wait for any partner.
    """
    bag = Mailbag()
    endings = sorted(MAGIC_ENDINGS)
    for number in range(count):
        if number % 6 == 5:
            mood = MAIL_MOODS[number // 6 % len(MAIL_MOODS)]
            person_id = people.add(None, email=f"{mood}.{number}@example.org")
        else:
            ending = endings[number // 2 % len(endings)] if number % 2 else f"{lot.randrange(10_000, 90_000)}"
            phone = f"+628{lot.randrange(10_000, 99_999)}{ending}"
            person_id = people.add(phone)
            bag.phones[person_id] = phone
        bag.messages += [_sent(enrolled(person_id), 1), _sent(corrected(person_id, (PersonField.DECILE,)), 2)]
    return bag


def _sent(fact: Fact, sequence: int) -> Sent:
    record: ConsumerRecord[Any, Any] = record_of(fact, sequence=sequence)
    return Sent(record, record)


def arrives(gateway: GatewaySettings, phone: str, reference: str) -> bool:
    """Whether this gateway brings a message under this reference to this number in the end, receipt or not."""
    how = treatment(phone, reference, gateway.seed, gateway.shares)
    return how.final == "delivered" and how.reaction not in {Reaction.DEAD_NUMBER, Reaction.REFUSE}


def sent_by_gateway(path: Path) -> Counter[str]:
    """References that the gateway took, from its own record, and how often."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return Counter(json.loads(line)[0] for line in lines)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A message with its only attempt."""

    person_id: UUID
    state: str
    reason: str | None
    channel: str | None
    reference: str | None
    tries: int

    @property
    def final(self) -> bool:
        """Whether nothing is under way any more."""
        return self.state in FINAL or (self.channel == "email" and self.state == "sent")


async def outcomes(service: ServiceUnderTest) -> Sequence[Outcome]:
    """Every message as it stands; one line for each attempt."""
    rows = await service.fetch_all(
        "SELECT m.person_id, m.state, m.reason, a.channel, a.id, coalesce(a.tries, 0) AS tries"
        " FROM message m LEFT JOIN attempt a ON a.message_id = m.id"
    )
    return [
        Outcome(row.person_id, row.state, row.reason, row.channel, row.id and str(row.id), row.tries) for row in rows
    ]
