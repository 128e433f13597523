"""CloudEvents binary mode as the partners read and write it."""

from datetime import date

import pytest

from contracts.inbound import AssistanceGivenV1
from partners.cloudevents import Heard, new_id, next_traceparent, read, write

FACT = AssistanceGivenV1(
    occurred_on=date(2023, 11, 20),
    agency="dinas-koperasi",
    assistance_id=new_id(),
    person_id=new_id(),
    region_code="33.28.04.2001",
    package_code="gerobak",
    amount_rupiah=2_500_000,
)


def test_what_is_written_is_read_again() -> None:
    headers, body = write(FACT, source="urn:agency:dinas-koperasi")
    heard = read(headers, body, [AssistanceGivenV1])
    assert heard is not None
    assert heard.fact == FACT
    assert heard.source == "urn:agency:dinas-koperasi"
    assert heard.subject == str(FACT.assistance_id)
    assert heard.case == str(FACT.person_id), "without a cause it belongs to what keys it"
    assert dict(headers)["content-type"] == b"application/json"


def test_case_and_trace_of_the_cause_go_on() -> None:
    cause = Heard(new_id(), "x", "y", FACT, "a-case", next_traceparent())
    headers, _ = write(FACT, source="urn:agency:dinas-koperasi", cause=cause)
    attributes = dict(headers)
    assert attributes["ce_correlationid"] == b"a-case"
    assert attributes["ce_causationid"] == str(cause.id).encode()
    assert cause.traceparent is not None
    assert attributes["traceparent"].decode().split("-")[1] == cause.traceparent.split("-")[1]
    assert attributes["traceparent"].decode() != cause.traceparent


@pytest.mark.parametrize("body", [None, b"", b"{", b"{}", b'{"occurred_on":"2023-11-20"}', b"\xff\xfe"])
def test_a_broken_body_is_left_alone(body: bytes | None) -> None:
    headers, _ = write(FACT, source="x")
    assert read(headers, body, [AssistanceGivenV1]) is None


def test_unknown_kinds_and_missing_attributes_are_left_alone() -> None:
    headers, body = write(FACT, source="x")
    assert read(headers, body, []) is None
    assert read([one for one in headers if one[0] != "ce_id"], body, [AssistanceGivenV1]) is None
    assert read([], body, [AssistanceGivenV1]) is None


def test_ids_are_version_seven_and_in_the_order_of_time() -> None:
    ids = [new_id() for _ in range(3)]
    assert {one.version for one in ids} == {7}
    assert {one.variant for one in ids} == {"specified in RFC 4122"}
    assert [one.int >> 80 for one in ids] == sorted(one.int >> 80 for one in ids)
