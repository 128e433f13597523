"""The comparison turns red for every kind of difference: a harness that cannot fail proves nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from demo.crowd.acts import Act, Journal
from demo.crowd.people import Somebody
from simulators.sent_record import mark
from tests.faults.evidence import Event, Found, SentMessage
from tests.faults.judging import Verdict, judge, judge_sent
from tests.faults.oracle import expected

PROGRAMME, PERSON, GRANT, PLAN = "programme", "person", "grant", "plan"
PRICE = 4_000_000
NUMBER, STRANGER = Somebody(1), Somebody(2)
SECRET = "a-secret"


def journal() -> Journal:
    """One person from the list to the handover."""
    details: dict[str, Any] = {"programme_id": PROGRAMME}
    money = {"budget_rupiah": 10 * PRICE, "price_rupiah": PRICE}
    acts = [Act("opened", (), details | money, "", "", "", PROGRAMME)]
    acts.append(Act("bought", (), details | {"count": 2}, *[""] * 4))
    kinds = (
        "enrolled",
        "enrolled",
        "allocated",
        "attendance_verified",
        "proposed",
        "decreed",
        "invited",
        "handed_over",
    )
    return Journal([*acts, *(Act(kind, (PERSON,), details, *[""] * 4) for kind in kinds)])


def happened() -> list[Event]:
    """What one person's way is told as."""
    told = [
        ("registry.person_registered", PERSON, 1), ("training.enrolled", "enrolment", 1),
        ("training.course_completed", "enrolment", 2), ("disbursement.aid_allocated", GRANT, 1),
        ("disbursement.allocation_confirmed", GRANT, 2), ("disbursement.aid_proposed", GRANT, 3),
        ("disbursement.aid_decided", GRANT, 4), ("disbursement.handover_scheduled", GRANT, 5),
        ("disbursement.aid_handed_over", GRANT, 6), ("followup.mentoring_planned", PLAN, 1),
        ("followup.visit_due", PLAN, 2),
    ]  # fmt: skip
    for number in range(3):
        told += [("notifications.message_sent", f"message-{number}", 1)]
        told += [("notifications.message_delivered", f"message-{number}", 2)]
    events = [Event(f"id-{place}", *each, PERSON, PERSON) for place, each in enumerate(told)]
    return [*events, Event("id-programme", "disbursement.programme_opened", PROGRAMME, 1, PROGRAMME, "")]


def found() -> Found:
    """The right end."""
    events = happened()
    texts = ("training-invitation", "handover-invitation", "handover-receipt")
    balances = {"budget": -10, "available": 9, "fulfilled": 1, "bought": -2, "in_stock": 1, "handed_over": 1}
    return Found(
        topics=events,
        outbox_ids={event.id for event in events},
        grants={PERSON: ["handed_over"]},
        plans={PERSON: ["active"]},
        basts={PERSON: ["valid"]},
        messages={PERSON: [(template, "delivered") for template in texts]},
        cases={PERSON: len(events) - 1},
        ledgers={PROGRAMME: {account: count * PRICE for account, count in balances.items()}},
        programmes={PROGRAMME},
        sent=[SentMessage(f"reference-{text}", mark(SECRET, NUMBER.phones[0]), text) for text in texts],
    )


def verdict(actual: Found) -> Verdict:
    """The comparison of this end with the expected one."""
    told = judge(expected(journal()), actual)
    judge_sent({PERSON: NUMBER}, actual, SECRET, told)
    return told


def test_the_right_end_is_found_right() -> None:
    assert verdict(found()).kept, verdict(found())


@pytest.mark.parametrize(
    ("overlooked", "known", "kept"),
    [
        (set(), set(), False),
        ({"reference-training-invitation"}, set(), True),
        ({"reference-training-invitation"}, {"reference-training-invitation"}, False),
        ({"of somebody else"}, set(), False),
    ],
)
def test_an_overtaken_message_was_sent_only_if_the_restored_database_could_not_know(
    overlooked: set[str], known: set[str], kept: bool
) -> None:
    actual = found()
    actual.messages[PERSON][0] = ("training-invitation", "superseded")
    actual.references = known
    told = Verdict()
    judge_sent({PERSON: NUMBER}, actual, SECRET, told, overlooked=overlooked)
    assert told.kept is kept


def test_what_other_runs_did_on_the_stack_is_theirs() -> None:
    actual = found()
    actual.topics.append(Event("theirs", "registry.person_registered", "stranger", 1, "stranger", "stranger"))
    actual.outbox_ids.add("theirs")
    actual.programmes.add("another programme")
    actual.sent.append(SentMessage("theirs", mark(SECRET, STRANGER.phones[0]), "text"))
    told = judge(expected(journal()), actual, {"stranger", "another programme"})
    judge_sent({PERSON: NUMBER}, actual, SECRET, told, elsewhere=set(STRANGER.phones))
    assert told.kept, told
    assert not verdict(actual).kept


def test_a_record_sent_twice_is_no_event_twice() -> None:
    actual = found()
    actual.topics.append(actual.topics[3])
    assert verdict(actual).kept
    assert verdict(actual).repeated_count == 1


def _twice(actual: Found) -> None:
    again = replace(actual.topics[8], id="another", sequence=7)
    actual.topics.append(again)
    actual.outbox_ids.add("another")


def _lost_on_the_way(actual: Found) -> None:
    del actual.topics[8]


def _never_told(actual: Found) -> None:
    actual.outbox_ids.discard(actual.topics[8].id)
    del actual.topics[8]


def _inverted(actual: Found) -> None:
    actual.topics[5], actual.topics[6] = actual.topics[6], actual.topics[5]


def _gap(actual: Found) -> None:
    actual.topics[9] = replace(actual.topics[9], sequence=3)
    actual.topics[9], actual.topics[10] = actual.topics[10], actual.topics[9]


def _opened_twice(actual: Found) -> None:
    actual.topics.append(replace(actual.topics[-1], id="again"))
    actual.outbox_ids.add("again")


def _two_grants(actual: Found) -> None:
    actual.grants[PERSON].append("confirmed")


def _doubled_person(actual: Found) -> None:
    again = [replace(event, id=f"{event.id}-2", key="double", person_id="double") for event in happened()[:-1]]
    actual.topics += again
    actual.outbox_ids |= {event.id for event in again}


def _doubled_under_a_known_key(actual: Found) -> None:
    actual.topics.append(replace(actual.topics[0], id="again", person_id="double"))
    actual.outbox_ids.add("again")


def _in(states: str) -> Callable[[Found], None]:
    def harm(actual: Found) -> None:
        getattr(actual, states)["double"] = getattr(actual, states).get(PERSON, ["graduated"])

    return harm


def _second_programme(actual: Found) -> None:
    actual.programmes.add("another")


def _ledger_of_nothing(actual: Found) -> None:
    actual.ledgers["another"] = {}


def _sent_twice(actual: Found) -> None:
    actual.sent.append(actual.sent[0])


def _sent_to_nobody(actual: Found) -> None:
    actual.sent += [SentMessage(f"more-{number}", mark(SECRET, STRANGER.phones[0]), "text") for number in range(5)]


def _not_sent(actual: Found) -> None:
    actual.sent.pop()


def _unbalanced(actual: Found) -> None:
    actual.ledgers[PROGRAMME]["fulfilled"] += 1


def _parked(actual: Found) -> None:
    actual.parked["followup"] = 1


def _not_published(actual: Found) -> None:
    actual.unpublished["followup"] = 1


def _in_no_outbox(actual: Found) -> None:
    actual.outbox_ids.discard(actual.topics[0].id)


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (_gap, "others"),
        (_opened_twice, "twice"),
        (_doubled_person, "twice"), (_doubled_under_a_known_key, "twice"), (_sent_to_nobody, "twice"),
        *((_in(states), "twice") for states in ("grants", "plans", "graduations", "basts", "messages")),
        (_second_programme, "twice"), (_ledger_of_nothing, "twice"),
        (_twice, "twice"), (_two_grants, "twice"), (_sent_twice, "twice"), (_not_published, "lost"),
        (_lost_on_the_way, "lost"), (_never_told, "lost"), (_not_sent, "lost"), (_inverted, "inversions"),
        (_unbalanced, "ledger"), (_parked, "others"), (_in_no_outbox, "others"),
    ],
)  # fmt: skip
def test_every_harm_is_found(harm: Callable[[Found], None], kind: str) -> None:
    actual = found()
    harm(actual)
    assert getattr(verdict(actual), kind)
