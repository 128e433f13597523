"""The golden examples: what is on the wire today has to be read tomorrow."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contracts.catalogue import CATALOGUE
from contracts.envelope import to_body
from contracts.tooling import EXAMPLES
from contracts.tooling.examples import check, check_one, load
from contracts.tooling.schemas import HEADERS, committed

SCHEMAS = committed()
HANDED_OVER = "disbursement.aid_handed_over.v1"


def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(SCHEMAS[name], validate_formats=True)


def test_every_event_version_has_its_example_and_all_fit() -> None:
    assert check() == []


@pytest.mark.parametrize("event_type", CATALOGUE)
def test_the_committed_schema_accepts_headers_and_body(event_type: str) -> None:
    example = load(event_type)
    assert [error.message for error in validator(event_type).iter_errors(example.value)] == []
    assert [error.message for error in validator(HEADERS).iter_errors(dict(example.headers))] == []


@pytest.mark.parametrize("event_type", CATALOGUE)
def test_the_model_writes_the_same_bytes_again(event_type: str) -> None:
    example = load(event_type)
    assert to_body(CATALOGUE[event_type].model.model_validate_json(example.body)) == example.body


@pytest.mark.parametrize("event_type", CATALOGUE)
def test_a_field_added_later_is_ignored(event_type: str) -> None:
    value = {**load(event_type).value, "added_later": "?"}
    body = json.dumps(value).encode()
    fact = CATALOGUE[event_type].model.model_validate_json(body)
    assert validator(event_type).is_valid(value)
    assert b"added_later" not in to_body(fact)


@pytest.mark.parametrize("event_type", CATALOGUE)
def test_a_required_field_that_is_missing_is_refused_by_the_schema(event_type: str) -> None:
    for name in SCHEMAS[event_type]["required"]:
        value = {key: item for key, item in load(event_type).value.items() if key != name}
        assert not validator(event_type).is_valid(value), name


def test_ids_of_the_examples_are_unique_and_causes_are_examples() -> None:
    headers = [load(event_type).headers for event_type in CATALOGUE]
    ids = {one["ce_id"] for one in headers}
    assert len(ids) == len(CATALOGUE)
    assert {one["ce_causationid"] for one in headers if "ce_causationid" in one} <= ids


def test_no_example_holds_a_number_as_long_as_a_nik_or_a_phone() -> None:
    for path in EXAMPLES.glob("*.json"):
        assert not re.search(r'"\+?[0-9]{10,}"', path.read_text("utf-8")), path.name


BROKEN_HEADERS: dict[str, tuple[str, str | None]] = {
    "no id": ("ce_id", None),
    "random id": ("ce_id", "8752645a-b461-410e-bf82-913f75895ae6"),
    "another version of CloudEvents": ("ce_specversion", "0.3"),
    "source without a path": ("ce_source", "registry"),
    "class path as type": ("ce_type", "contracts.registry.PersonRegisteredV1"),
    "local time": ("ce_time", "2023-11-22T10:31:07+07:00"),
    "time without zone": ("ce_time", "2023-11-22T10:31:07"),
    "impossible time": ("ce_time", "2023-11-31T10:31:07Z"),
    "mail address as actor": ("ce_actor", "siti@example.org"),
    "sequence with a sign": ("ce_sequence", "-1"),
    "sequence missing": ("ce_sequence", None),
    "case missing": ("ce_correlationid", None),
    "empty trace": ("traceparent", ""),
    "another content type": ("content-type", "text/plain"),
}


@pytest.mark.parametrize("case", BROKEN_HEADERS)
def test_broken_headers_are_refused(case: str) -> None:
    name, value = BROKEN_HEADERS[case]
    headers = {key: text for key, text in {**load(HANDED_OVER).headers, name: value}.items() if text is not None}
    assert not validator(HEADERS).is_valid(headers)


BROKEN_EXAMPLES: dict[str, tuple[list[Any], Any, str]] = {
    "another type": (["headers", "ce_type"], "disbursement.aid_decided.v1", "$.headers.ce_type"),
    "another subject": (["headers", "ce_subject"], "018aa60f-ae36-716e-a384-21e32381ed61", "$.headers.ce_subject"),
    "another key": (["key"], "018b3c74-41b0-7601-aea8-7beff3362871", "$.key"),
    "amount as text": (["value", "amount_rupiah"], "3250000", "$.value.amount_rupiah"),
    "condition unknown": (["value", "items", 0, "condition"], "lost", "$.value.items.0.condition"),
    "field unknown": (["value", "recipient"], "?", "$.value"),
    "id in capitals": (["value", "bast_id"], "018BF514-DD4F-7632-B44D-DDC5A21BAB5B", "$.value"),
}


@pytest.mark.parametrize("case", BROKEN_EXAMPLES)
def test_a_broken_example_is_seen(case: str, tmp_path: Path) -> None:
    path, value, where = BROKEN_EXAMPLES[case]
    record: Any = json.loads((EXAMPLES / f"{HANDED_OVER}.json").read_text("utf-8"))
    target = record
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    (tmp_path / f"{HANDED_OVER}.json").write_text(json.dumps(record), "utf-8")
    assert where in [problem.path for problem in check_one(CATALOGUE[HANDED_OVER], tmp_path)]


def test_a_missing_header_is_seen(tmp_path: Path) -> None:
    record = json.loads((EXAMPLES / f"{HANDED_OVER}.json").read_text("utf-8"))
    del record["headers"]["ce_sequence"]
    (tmp_path / f"{HANDED_OVER}.json").write_text(json.dumps(record), "utf-8")
    found = check_one(CATALOGUE[HANDED_OVER], tmp_path)
    assert [str(problem) for problem in found] == ["$.headers.ce_sequence: is missing."]


@pytest.mark.parametrize("text", ["{", "[]", '{"key": "a"}'])
def test_an_unreadable_example_is_seen(text: str, tmp_path: Path) -> None:
    (tmp_path / f"{HANDED_OVER}.json").write_text(text, "utf-8")
    assert "cannot be read" in check_one(CATALOGUE[HANDED_OVER], tmp_path)[0].reason


def test_missing_and_left_over_examples_are_seen(tmp_path: Path) -> None:
    (tmp_path / "training.dreamt.v1.json").write_text("{}", "utf-8")
    found = check({HANDED_OVER: CATALOGUE[HANDED_OVER]}, tmp_path)
    assert found == [
        f"{HANDED_OVER}: has no golden example in examples/{HANDED_OVER}.json.",
        "examples/training.dreamt.v1.json: belongs to no event version.",
    ]
