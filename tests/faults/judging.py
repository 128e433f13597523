"""The expected end compared with the one that is there: what was lost, what happened twice, what came out of order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from demo.crowd.people import Somebody
from simulators.sent_record import mark
from tests.faults.evidence import Event, Found, SentMessage
from tests.faults.oracle import Expected, Person

DELIVERED, SUPERSEDED = "delivered", "superseded"
GAPLESS = ("registry.person", "training.enrol", "training.course", "disbursement.", "followup.")
"""Types whose subjects tell every version of themselves; a message or a request to end assistance does not."""
MESSAGE_EVENTS = ("notifications.message_sent", "notifications.message_delivered")


@dataclass(slots=True)
class Verdict:
    """What differs, in words; everything empty means that the promise was kept."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    inversions: list[str] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    events_count: int = 0
    repeated_count: int = 0
    """Records of an event that stands in its topic already: allowed, since delivery is at least once."""

    @property
    def kept(self) -> bool:
        """Whether nothing differs."""
        return not (self.lost or self.twice or self.inversions or self.ledger or self.others)

    def compare(self, what: str, expected: int, actual: int, at_most: int | None = None) -> None:
        """Fewer than expected is lost, more than allowed is twice."""
        if actual < expected:
            self.lost.append(f"{what}: {actual} of {expected}")
        elif actual > (expected if at_most is None else at_most):
            self.twice.append(f"{what}: {actual} of {expected if at_most is None else at_most}")


def judge(expected: Expected, found: Found, elsewhere: Set[str] = frozenset()) -> Verdict:
    """Compare everything but what the SMS gateway sent. `elsewhere`: keys of what other runs did on the same stack."""
    verdict = Verdict()
    mine = _judge_topics(expected, found, elsewhere, verdict)
    _judge_events(expected, mine, found, verdict)
    _judge_strangers(expected, found, elsewhere, verdict)
    for person_id, person in expected.people.items():
        _judge_states(person_id, person, found, verdict)
        _judge_messages(person_id, person, found, verdict)
    for programme_id, accounts in expected.ledgers.items():
        actual = found.ledgers.get(programme_id, {})
        if actual != accounts:
            verdict.ledger.append(f"programme {programme_id}: {actual} instead of {accounts}")
        if sum(actual.values()):
            verdict.ledger.append(f"programme {programme_id}: sum {sum(actual.values())}")
    for service, count in found.unpublished.items():
        if count:
            verdict.lost.append(f"{service}: {count} events are not published")
    for service, count in found.parked.items():
        if count:
            verdict.others.append(f"{service}: {count} parked messages")
    return verdict


def judge_sent(
    people: Mapping[str, Somebody], found: Found, secret: str, verdict: Verdict, *,
    overlooked: Set[str] = frozenset(), elsewhere: Set[str] = frozenset(),
) -> None:  # fmt: skip
    """Each person was really sent as many messages as were delivered, none with the same words twice, nobody else any.

    `overlooked`: references that the gateway took between a backup and the end of the database that it replaced. The
    restored one cannot know of them. Sent again, they are recognised; overtaken meanwhile, they stand as superseded.
    `elsewhere`: numbers of the people whom other runs served on the same stack.
    """
    by_number: dict[str, list[SentMessage]] = defaultdict(list)
    for message in found.sent:
        by_number[message.number].append(message)
    for person_id, somebody in people.items():
        sent = [message for phone in somebody.phones for message in by_number.pop(mark(secret, phone), ())]
        states = Counter(state for _, state in found.messages.get(person_id, ()))
        unknown = sum(message.reference in overlooked - found.references for message in sent)
        at_most = states[DELIVERED] + min(states[SUPERSEDED], unknown)
        verdict.compare(f"{person_id}: SMS at the gateway", states[DELIVERED], len(sent), at_most)
        # The invitation of a second session differs in its place, the receipt of a second BAST in its number.
        twice = len(sent) - len({message.text for message in sent})
        verdict.compare(f"{person_id}: SMS with the same words", 0, twice)
    for number in by_number.keys() - {mark(secret, phone) for phone in elsewhere}:
        verdict.twice.append(f"{len(by_number[number])} SMS to a number that is nobody's")


def _judge_strangers(expected: Expected, found: Found, elsewhere: Set[str], verdict: Verdict) -> None:
    """What is there of people and programmes that nobody brought in."""
    for what, states in (
        ("grants", found.grants),
        ("plans", found.plans),
        ("graduations", found.graduations),
        ("BAST", found.basts),
        ("messages", found.messages),
    ):
        verdict.twice += [
            f"{person_id}: {what}, nobody expected" for person_id in states.keys() - expected.people.keys()
        ]
    for programme_id in found.programmes.union(found.ledgers) - expected.ledgers.keys() - elsewhere:
        verdict.twice.append(f"programme {programme_id}: not expected")


def _judge_topics(expected: Expected, found: Found, elsewhere: Set[str], verdict: Verdict) -> list[Event]:
    """Order of first appearance, gaps, and topics against outboxes; the events that these acts caused, each once."""
    seen: set[str] = set()
    mine: list[Event] = []
    last: dict[tuple[str, str], int] = {}
    for event in found.topics:
        if event.key not in expected.keys:
            if event.key not in elsewhere:
                verdict.twice.append(f"{event.type} {event.id}: its key is nobody's")
            continue
        if event.id in seen:
            verdict.repeated_count += 1
            continue
        seen.add(event.id)
        mine.append(event)
        place = (event.type.partition(".")[0], event.subject)
        before = last.get(place, 0)
        if event.sequence < before:
            verdict.inversions.append(f"{event.type} of {event.subject}: {event.sequence} after {before}")
        last[place] = max(before, event.sequence)
        if event.id not in found.outbox_ids:
            verdict.others.append(f"{event.type} {event.id} is in its topic and in no outbox")
    verdict.events_count = len(mine)
    _judge_gaps(mine, verdict)
    _judge_missing(found, verdict)
    return mine


def _judge_gaps(mine: Iterable[Event], verdict: Verdict) -> None:
    told: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in mine:
        if event.type.startswith(GAPLESS):
            told[event.type.partition(".")[0], event.subject].append(event.sequence)
    for (service, subject), sequences in told.items():
        if sorted(sequences) != list(range(1, len(sequences) + 1)):
            verdict.others.append(f"{service}: the events of {subject} are numbered {sorted(sequences)}")


def _judge_missing(found: Found, verdict: Verdict) -> None:
    published = {event.id for event in found.topics}
    for event_id in sorted(found.outbox_ids - published)[:20]:
        verdict.lost.append(f"event {event_id} is in an outbox and in no topic")


def _judge_events(expected: Expected, mine: Iterable[Event], found: Found, verdict: Verdict) -> None:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for event in mine:
        counted[event.person_id][event.type] += 1
    subjects = Counter((event.type, event.subject) for event in mine)
    for what, subject in expected.subjects:
        verdict.compare(f"{what} of {subject}", 1, subjects[what, subject])
    for person_id in counted.keys() - expected.people.keys() - {""}:
        verdict.twice.append(f"{person_id}: {counted[person_id].total()} events, nobody expected")
    for person_id, person in expected.people.items():
        actual = counted[person_id]
        delivered = sum(state == DELIVERED for _, state in found.messages.get(person_id, ()))
        wanted = person.events | dict.fromkeys(MESSAGE_EVENTS, (delivered, delivered))
        for kind, (low, high) in wanted.items():
            verdict.compare(f"{person_id}: {kind}", low, actual[kind], high)
        for kind in actual.keys() - wanted.keys():
            verdict.twice.append(f"{person_id}: {kind}: {actual[kind]}, none expected")
        if person_id in found.cases:
            verdict.compare(f"{person_id}: events at the console", actual.total(), found.cases[person_id])


def _judge_states(person_id: str, person: Person, found: Found, verdict: Verdict) -> None:
    for what, wanted, states in (
        ("grant", person.grant, found.grants),
        ("plan", person.plan, found.plans),
        ("graduation", person.graduation, found.graduations),
    ):
        actual = states.get(person_id, [])
        verdict.compare(f"{person_id}: {what}", 1 if wanted else 0, len(actual))
        if wanted and actual and actual[0] != wanted:
            verdict.others.append(f"{person_id}: {what} is {actual[0]} instead of {wanted}")
    basts = Counter(found.basts.get(person_id, ()))
    verdict.compare(f"{person_id}: valid BAST", person.valid_basts, basts["valid"])
    verdict.compare(f"{person_id}: void BAST", person.void_basts, basts["void"])


def _judge_messages(person_id: str, person: Person, found: Found, verdict: Verdict) -> None:
    actual = Counter(found.messages.get(person_id, ()))
    for template, wanted in person.messages.items():
        delivered, superseded = actual.pop((template, DELIVERED), 0), actual.pop((template, SUPERSEDED), 0)
        verdict.compare(f"{person_id}: {template}", wanted, delivered + superseded)
        verdict.compare(f"{person_id}: {template} superseded", 0, superseded, person.may_be_superseded[template])
    for (template, state), count in actual.items():
        verdict.others.append(f"{person_id}: {count} × {template} {state}")
