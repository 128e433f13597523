"""The AsyncAPI document is whole: every event with its topic, key, headers, content type and parties."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from contracts.catalogue import CATALOGUE, TOPICS, Entry
from contracts.tooling import ASYNCAPI
from contracts.tooling.asyncapi import as_text, document
from contracts.tooling.parties import OUTSIDE, PARTIES

DOCUMENT: dict[str, Any] = yaml.safe_load(ASYNCAPI.read_text("utf-8"))


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(reference: str) -> Any:
    assert reference.startswith("#/"), reference
    node: Any = DOCUMENT
    for step in reference[2:].split("/"):
        node = node[step]
    return resolved(node["$ref"]) if set(node) == {"$ref"} else node


def test_the_committed_document_is_the_generated_one() -> None:
    assert ASYNCAPI.read_text("utf-8") == as_text()
    assert document() == DOCUMENT


def test_it_is_asyncapi_3_with_only_the_sections_of_the_standard() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert set(DOCUMENT) == {
        "asyncapi",
        "info",
        "defaultContentType",
        "servers",
        "channels",
        "operations",
        "components",
    }
    assert {"title", "version"} <= DOCUMENT["info"].keys()


def test_every_reference_resolves_inside_the_document() -> None:
    found = list(references(DOCUMENT))
    assert len(found) > len(CATALOGUE)
    for reference in found:
        assert isinstance(resolved(reference), dict)


def test_one_channel_per_topic() -> None:
    assert {channel["address"] for channel in DOCUMENT["channels"].values()} == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        binding = DOCUMENT["channels"][topic.name]["bindings"]["kafka"]
        assert binding["topic"] == topic.name
        assert binding["partitions"] == topic.partitions
        assert binding["topicConfiguration"] == {"cleanup.policy": ["delete"], "retention.ms": topic.retention_ms}


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.type)
def test_every_event_is_a_whole_message_of_its_channel(entry: Entry) -> None:
    message = resolved(f"#/channels/{entry.topic.name}/messages/{entry.type}")
    assert message["name"] == entry.type
    assert message["contentType"] == "application/json"
    assert message["bindings"]["kafka"]["key"]["format"] == "uuid"
    assert f"field {entry.key}." in message["bindings"]["kafka"]["key"]["description"]
    assert message["headers"]["properties"]["ce_type"]["const"] == entry.type
    headers = resolved(message["headers"]["allOf"][0]["$ref"])
    assert {"ce_id", "ce_source", "ce_subject", "ce_sequence", "content-type"} <= set(headers["required"])
    assert {entry.key, entry.subject} <= set(message["payload"]["required"])
    assert set(message["payload"]["properties"]) == set(entry.model.model_fields)
    assert message["summary"]


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.type)
def test_every_event_is_sent_by_its_owner_and_received_by_its_consumers(entry: Entry) -> None:
    message = f"#/channels/{entry.topic.name}/messages/{entry.type}"
    parties = {
        (operation["action"], operation["tags"][0]["name"])
        for operation in DOCUMENT["operations"].values()
        if {"$ref": message} in operation["messages"]
    }
    assert parties == {("send", entry.owner), *(("receive", consumer) for consumer in entry.consumers)}


def test_operations_name_messages_of_their_own_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


def test_every_party_is_described_and_those_outside_are_marked() -> None:
    described = {tag["name"]: tag["description"] for tag in DOCUMENT["info"]["tags"]}
    assert described == PARTIES
    outside = {
        operation["tags"][0]["name"]
        for operation in DOCUMENT["operations"].values()
        if operation["tags"][1]["name"] == "outside party"
    }
    assert outside == set(OUTSIDE)


def test_every_payload_field_says_its_type_and_class() -> None:
    for message in DOCUMENT["components"]["messages"].values():
        for name, field in message["payload"]["properties"].items():
            marked = [field, *field.get("anyOf", ())]
            assert any("x-field-class" in one for one in marked), f"{message['name']} {name}"
