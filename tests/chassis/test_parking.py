"""Whatever cannot be processed parks with a reason of its own and all that is known of it; nothing else waits."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from chassis.ids import new_id
from chassis.outbox import BODY_LIMIT_BYTES
from chassis.parking import unsealed
from tests.chassis.builders import headers_of, ordered, record
from tests.chassis.parked import balances, credits_told, reasons
from tests.chassis.sample.service import BUGGY_RUPIAH
from tests.support.service import ServiceUnderTest

GOOD = ordered(1)
NOT_UTF8 = b"\xff\xfe"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def headers(**spoiled: str) -> list[tuple[str, bytes]]:
    """Good headers, some of them spoiled."""
    return [(name, value.encode()) for name, value in (headers_of(GOOD) | spoiled).items()]


def without(name: str) -> list[tuple[str, bytes]]:
    """Good headers but one."""
    return [(found, value) for found, value in headers() if found != name]


JUNK: list[tuple[str, str, dict[str, Any]]] = [
    ("malformed_json", "not JSON", {"value": b"not json"}),
    ("malformed_json", "cut off", {"value": GOOD.model_dump_json().encode()[:-1]}),
    ("malformed_json", "empty", {"value": b""}),
    ("malformed_json", "not UTF-8", {"value": NOT_UTF8}),
    ("schema", "a value", {"value": b'{"account_id": "x"}'}),
    ("schema", "not an object", {"value": b"[]"}),
    ("tombstone", "of an event", {"value": None}),
    ("tombstone", "of anybody", {"value": None, "headers": []}),
    ("oversized", "by a byte", {"value": b" " * (BODY_LIMIT_BYTES + 1)}),
    ("missing_key", "", {"key": None}),
    ("wrong_key", "another", {"key": b"another"}),
    ("wrong_key", "not UTF-8", {"key": NOT_UTF8}),
    ("wrong_key", "NUL", {"key": b"a\x00b"}),
    ("wrong_key", "long", {"key": b"k" * 20_000}),
    ("wrong_topic", "", {"topic": "sample.credits"}),
    ("not_a_cloudevent", "no headers", {"headers": []}),
    ("not_a_cloudevent", "structured", {"headers": [("content-type", b"application/cloudevents+json")]}),
    ("missing_attributes", "type only", {"headers": [("ce_type", b"outside.ordered.v1")]}),
    ("missing_attributes", "no type", {"headers": without("ce_type")}),
    ("missing_attributes", "no case", {"headers": without("ce_correlationid")}),
    ("missing_attributes", "NUL in type", {"headers": [("ce_type", b"x\x00y")]}),
    ("malformed_attributes", "id", {"headers": headers(ce_id="7")}),
    ("malformed_attributes", "time", {"headers": headers(ce_time="yesterday")}),
    ("malformed_attributes", "case", {"headers": headers(ce_correlationid="a case")}),
    ("malformed_attributes", "sequence", {"headers": headers(ce_sequence="first")}),
    ("malformed_attributes", "specification", {"headers": headers(ce_specversion="0.3")}),
    ("malformed_attributes", "NUL", {"headers": headers(ce_source="a\x00b")}),
    ("null_header", "", {"headers": [*headers(), ("ce_type", None)]}),
    ("header_not_utf8", "", {"headers": [*headers(), ("x", NOT_UTF8)]}),
    ("header_not_utf8", "long", {"headers": [("ce_type", NOT_UTF8 * 9_000)]}),
]


@pytest.mark.parametrize(
    ("reason", "overrides"), [pytest.param(reason, junk, id=f"{reason} {name}".strip()) for reason, name, junk in JUNK]
)
async def test_junk_parks_with_its_reason_and_healthy_keys_go_on(
    sample: ServiceUnderTest, reason: str, overrides: dict[str, Any]
) -> None:
    """Before it and behind it; the stored offset is beyond it; delivered again, nothing happens twice."""
    batch = [record(ordered(2)), record(GOOD, **overrides), record(ordered(3))]
    for _ in range(2):
        await sample.processor().process(batch)
    assert await reasons(sample) == [reason]
    assert await balances(sample) == {2: 5, 3: 5}
    offsets = await sample.fetch_all("SELECT topic, next_offset FROM stored_offset")
    assert {row.topic: row.next_offset for row in offsets}[batch[1].topic] > batch[1].offset
    told = await sample.fetch_one("SELECT count(*) AS events FROM outbox")
    assert told is not None
    assert told.events == 2


async def test_later_messages_of_a_broken_ones_key_wait(sample: ServiceUnderTest) -> None:
    """In the same batch and in the next."""
    await sample.processor().process([record(GOOD, value=b"{}"), record(GOOD), record(ordered(2))])
    await sample.processor().process([record(GOOD)])
    assert await reasons(sample) == ["schema", "behind_parked_key", "behind_parked_key"]
    assert await balances(sample) == {2: 5}


async def test_a_parked_message_keeps_all_that_is_known_of_it(sample: ServiceUnderTest) -> None:
    """Place, event, case, its own trace, first and last attempt; of a broken one what can still be read."""
    event_id = new_id()
    traced = [*record(GOOD, event_id=event_id).headers, ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode())]
    spoiled = record(GOOD, value=b"{}", headers=traced, partition=2)
    await sample.processor().process([spoiled, record(ordered(2), headers=[("ce_id", b"7"), ("n", None)])])
    rows = await sample.fetch_all("SELECT * FROM parked_message ORDER BY arrival")
    first, second = rows
    assert (first.topic, first.partition, first.log_offset) == (spoiled.topic, 2, spoiled.offset)
    assert (first.key, first.type) == (str(UUID(int=1)), "outside.ordered.v1")
    assert (first.event_id, first.correlation_id, first.trace_id) == (event_id, UUID(int=9), TRACE)
    assert (first.attempts, first.redriven_at, first.outcome) == (1, None, None)
    assert first.first_attempt_at <= first.last_attempt_at
    assert (second.event_id, second.correlation_id, second.trace_id) == (None, None, None)


async def test_a_parked_record_comes_back_byte_for_byte(sample: ServiceUnderTest) -> None:
    """Key, headers and body, whatever bytes they are."""
    odd = record(GOOD, key=b"\xff\x00k", value=b"\xfe{}", headers=[("h", b"\xff"), ("n", None)])
    await sample.processor().process([odd])
    row = await sample.fetch_one("SELECT * FROM parked_message")
    assert row is not None
    back = unsealed(sample.service.vault, row)
    assert (back.key, back.value, list(back.headers)) == (odd.key, odd.value, list(odd.headers))


@pytest.mark.parametrize(
    ("body", "detail"), [(b'{\n "a": nik}', "line 2 column 8"), (b"{", "line 1 column 1"), (b"\xfe", "line 1 column 1")]
)
async def test_of_what_is_no_json_the_place_is_told(sample: ServiceUnderTest, body: bytes, detail: str) -> None:
    await sample.processor().process([record(GOOD, value=body)])
    row = await sample.fetch_one("SELECT reason, detail FROM parked_message")
    assert row == ("malformed_json", detail)


async def test_a_parked_body_is_sealed(sample: ServiceUnderTest) -> None:
    """Junk may hold anybody's data: it is kept encrypted, byte for byte."""
    body = b'{"nik": "3328991505900001"}'
    await sample.processor().process([record(GOOD, value=body)])
    row = await sample.fetch_one("SELECT body_sealed, detail FROM parked_message")
    assert row is not None
    assert b"3328991505900001" not in bytes(row.body_sealed)
    assert "3328991505900001" not in row.detail
    assert sample.service.vault.open_bytes(row.body_sealed) == body


async def test_a_message_freed_since_does_not_stop_its_key_again(sample: ServiceUnderTest) -> None:
    """The log delivers again what was redriven long ago."""
    poison = record(ordered(1, BUGGY_RUPIAH))
    await sample.processor().process([poison])
    await sample.execute("UPDATE parked_message SET redriven_at = clock_timestamp(), outcome = 'set_aside'")
    await sample.execute("DELETE FROM parked_key")
    await sample.processor().process([poison])
    await sample.processor().process([replace(record(GOOD), partition=0)])
    assert await balances(sample) == {1: 5}
    assert len(await reasons(sample)) == 1


async def test_a_log_filled_anew_parks_nothing_that_was_known_or_settled(sample: ServiceUnderTest) -> None:
    """The whole history of a parked key comes again at other places: what took effect is dropped, what waits waits."""
    early, broken, late = ordered(1, 3), record(ordered(1, 4), value=b"{}"), ordered(1, 9_000_000)
    aside = record(ordered(2, 4), value=b"{}")
    history = [record(early), aside, broken, record(late)]
    await sample.processor().process(history[:2])
    await sample.execute("UPDATE parked_message SET redriven_at = clock_timestamp(), outcome = 'set_aside'")
    await sample.execute("DELETE FROM parked_key")
    await sample.processor().process(history[2:])
    again = [replace(each, offset=each.offset + 1_000_000) for each in history]
    for batch in ([*again, record(ordered(2, 6)), record(ordered(1, 7))], again):
        await sample.processor("another-log").process(batch)
    assert await reasons(sample) == ["schema", "schema", "behind_parked_key", "behind_parked_key", "behind_parked_key"]
    waits = await sample.fetch_all("SELECT log_identity FROM parked_message WHERE redriven_at IS NULL ORDER BY arrival")
    assert [row.log_identity for row in waits] == ["test-log", "test-log", "another-log", "another-log"]
    assert await balances(sample) == {1: 3, 2: 6}
    assert await credits_told(sample, 1) == [3]


async def test_what_was_settled_is_passed_over_and_its_key_goes_on(sample: ServiceUnderTest) -> None:
    """Unreadable still, and read once more from the same place: later messages of its key do not wait for it."""
    broken = record(GOOD, value=b"{}")
    await sample.processor().process([broken])
    await sample.execute("UPDATE parked_message SET redriven_at = clock_timestamp(), outcome = 'set_aside'")
    await sample.execute("DELETE FROM parked_key")
    await sample.processor().process([broken, record(GOOD)])
    assert await reasons(sample) == ["schema"]
    assert await credits_told(sample, 1) == [5]


async def test_what_stands_behind_a_parked_key_costs_no_statement_each(sample: ServiceUnderTest) -> None:
    """A key that is told much of must not slow the others: one statement parks a batch of it, in order."""
    await sample.processor().process([record(GOOD, value=b"{}")])
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(sample.service.database.engine.sync_engine, "before_cursor_execute", note)
    batch = [record(ordered(1, amount)) for amount in range(1, 101)]
    await sample.processor().process([*batch, record(ordered(2))])
    assert len([statement for statement in statements if "parked_" in statement]) <= 3
    rows = await sample.fetch_all("SELECT log_offset FROM parked_message ORDER BY arrival")
    assert [row.log_offset for row in rows][1:] == [each.offset for each in batch]
    assert await balances(sample) == {2: 5}
    assert len(await sample.published_types()) == 1
