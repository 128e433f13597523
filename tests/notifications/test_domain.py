"""Pure rules, by table."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.errors import StaleVersion
from chassis.ids import new_id
from services.notifications.clients.sms_http import proxy_of
from services.notifications.domain import wording
from services.notifications.domain.backoff import wait_after, wait_seconds
from services.notifications.domain.message import (
    Acknowledged,
    AttemptState,
    Channel,
    Delivered,
    Failed,
    Matter,
    Message,
    MessageState,
    NotListed,
    Sent,
)
from services.notifications.domain.outcome import FailureReason
from services.notifications.domain.phone import normalised
from services.notifications.domain.printed_list import Entry, ListState, NotAllOnThisList, PrintedList
from services.notifications.domain.sms import Encoding, measure
from services.notifications.domain.template import TemplateCode

NOW = datetime(2023, 11, 20, 8, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", Encoding.GSM7, 0, 1),
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("€" * 80, Encoding.GSM7, 160, 1),
        ("é[", Encoding.GSM7, 3, 1),
        ("–" * 70, Encoding.UCS2, 70, 1),
        ("–" * 71, Encoding.UCS2, 71, 2),
        ("😀" * 35, Encoding.UCS2, 70, 1),
        ("ç", Encoding.UCS2, 1, 1),
    ],
)
def test_sms_size(text: str, encoding: Encoding, units: int, segments: int) -> None:
    size = measure(text)
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([date(2023, 11, 22)], "Rabu, 22 November 2023"),
        ([date(2023, 10, 26), date(2023, 10, 25)], "25 dan 26 Oktober 2023"),
        ([date(2023, 10, day) for day in (25, 26, 27, 30)], "25, 26, 27 dan 30 Oktober 2023"),
        ([date(2023, 10, 31), date(2023, 11, 1)], "31 Oktober serta 1 November 2023"),
        ([date(2023, 12, 31), date(2024, 1, 1)], "31 Desember 2023 serta 1 Januari 2024"),
        ([date(2023, 10, 26) + timedelta(days=n) for n in range(15)], "26 Oktober s.d. 9 November 2023 (15 hari)"),
        ([date(2023, 12, 28) + timedelta(days=n) for n in range(7)], "28 Desember 2023 s.d. 3 Januari 2024 (7 hari)"),
    ],
)
def test_dates_in_indonesian(days: list[date], said: str) -> None:
    assert wording.dates(days) == said


def test_other_words() -> None:
    assert wording.rupiah(12_500_000) == "Rp12.500.000"
    assert wording.joined(["a"]) == "a"
    assert wording.joined(["a", "b", "c"]) == "a, b dan c"
    assert wording.readable("mesin-jahit") == "Mesin Jahit"


@pytest.mark.parametrize(
    ("number", "e164"),
    [
        ("0812-3401-2345", "+6281234012345"),
        ("+62 812 3401 2345", "+6281234012345"),
        ("12", None),
        ("tidak punya", None),
        ("", None),
        (None, None),
    ],
)
def test_numbers(number: str | None, e164: str | None) -> None:
    assert normalised(number) == e164


def test_backoff_doubles_up_to_an_hour_and_heeds_the_gateway() -> None:
    assert [wait_seconds(tries) for tries in (1, 2, 3, 20)] == [2, 4, 8, 3600]
    assert wait_after(1, 30) == timedelta(seconds=30)


def _message(*, sending: bool = True) -> Message:
    message = Message(
        id=new_id(), person_id=new_id(), programme_id=new_id(), case_id=new_id(), matter=Matter.HANDOVER,
        subject_id=new_id(), group_id=new_id(), template_code=TemplateCode.HANDOVER_INVITATION, template_version=1,
        listable=True, facts={}, agency="dinsos", region_code="33.28.03", relevant_until=None,
        state=MessageState.QUEUED, version=1, attempts_count=0, next_attempt_at=NOW,
    )  # fmt: skip
    if sending:
        message.begin(new_id(), NOW, LATER)
    return message


def test_from_queued_to_delivered() -> None:
    message = _message()
    assert [type(fact) for fact in message.accept(NOW, LATER, "accepted", 1)] == [Sent]
    assert [type(fact) for fact in message.deliver(NOW, "delivered")] == [Delivered]
    assert (message.state, message.version) == (MessageState.DELIVERED, 4)
    assert message.attempt is not None
    assert message.attempt.ask_at is None


def test_a_settled_attempt_changes_no_more() -> None:
    message = _message()
    message.deliver(NOW, "delivered")
    version = message.version
    assert message.give_up(FailureReason.DEAD_NUMBER, NOW, "undeliverable") == []
    assert message.accept(NOW, LATER, "accepted") == []
    assert message.deliver(NOW, "delivered") == []
    message.put_back(LATER, "x")
    message.ask_later(LATER, "x")
    assert (message.state, message.version) == (MessageState.DELIVERED, version)


def test_a_further_try_keeps_the_reference_a_mended_number_gets_a_new_one() -> None:
    message = _message()
    assert message.attempt is not None
    first = message.attempt.id
    message.put_back(LATER, "http_503")
    message.begin(new_id(), LATER, LATER)
    assert (message.attempt.id, message.attempt.tries) == (first, 2)
    (failed,) = message.give_up(FailureReason.DEAD_NUMBER, LATER, "http_422")
    assert isinstance(failed, Failed)
    assert failed.channel is Channel.SMS
    assert message.send_anew(LATER) is None
    message.begin(new_id(), LATER, LATER)
    assert message.attempt.id != first
    assert message.attempt.number == 2


def test_what_never_left_uses_up_no_try() -> None:
    message = _message()
    message.postpone(LATER, "registry_unavailable")
    assert message.attempt is not None
    assert message.attempt.tries == 0
    assert (message.state, message.next_attempt_at) == (MessageState.QUEUED, LATER)


def test_listed_then_acknowledged_once() -> None:
    message = _message()
    with pytest.raises(NotListed):
        message.acknowledge()
    message.give_up(FailureReason.NO_CONTACT, NOW, "no_contact")
    list_id = new_id()
    assert message.put_on_list(list_id).channel is Channel.PRINTED_LIST
    fact = message.acknowledge()
    assert isinstance(fact, Acknowledged)
    assert fact.list_id == list_id
    with pytest.raises(NotListed):
        message.acknowledge()


def test_superseding_takes_off_the_list_and_closes_the_attempt() -> None:
    message = _message()
    message.put_back(LATER, "http_503")
    assert message.supersede() is None
    assert message.attempt is not None
    assert message.attempt.state is AttemptState.FAILED
    assert (message.state, message.next_attempt_at) == (MessageState.SUPERSEDED, None)


def test_an_invitation_is_relevant_until_its_day() -> None:
    message = _message()
    message.relevant_until = date(2023, 11, 22)
    assert message.relevant_on(date(2023, 11, 22))
    assert not message.relevant_on(date(2023, 11, 23))


def _list(count: int) -> PrintedList:
    entries = [Entry(new_id()) for _ in range(count)]
    return PrintedList(
        new_id(), new_id(), Matter.HANDOVER, new_id(), "dinsos", "33.28.03.2001", ListState.OPEN, 5, entries
    )


def test_a_list_ends_when_nobody_is_left() -> None:
    printed = _list(2)
    first, second = (entry.message_id for entry in printed.entries)
    printed.withdraw(frozenset([first]))
    assert (printed.state, printed.version) == (ListState.OPEN, 6)
    printed.acknowledge(frozenset([second]), date(2023, 11, 21))
    assert printed.state is ListState.ACKNOWLEDGED
    emptied = _list(1)
    emptied.withdraw(frozenset([emptied.entries[0].message_id]))
    assert emptied.state is ListState.WITHDRAWN


def test_an_acknowledgement_covers_what_was_on_the_paper() -> None:
    printed = _list(2)
    assert printed.told(None, 5) == sorted(entry.message_id for entry in printed.entries)
    with pytest.raises(StaleVersion):
        printed.told(None, 4)
    with pytest.raises(NotAllOnThisList):
        printed.told(frozenset([new_id()]), 5)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"http_proxy": "http://proxy:3128"}, None),
        ({"all_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "sms.example"}, None),
    ],
)
def test_the_gateway_is_reached_through_the_proxy_that_the_environment_names(
    environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_of("https://sms.example/api") == proxy
