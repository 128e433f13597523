"""The AsyncAPI 3.0 document of the whole catalogue: one self-contained file for integrators.

Schemas are written inline, without `$defs`: AsyncAPI's own schema dialect ignores keywords beside a `$ref`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from contracts.catalogue import CATALOGUE, Entry, Topic
from contracts.tooling.parties import OUTSIDE, PARTIES
from contracts.tooling.schemas import event_schema, headers_schema, model_schema
from contracts.tooling.trees import Schema, inline

KAFKA_BINDING: Final = "0.5.0"
_NOT_IN_ASYNCAPI: Final = frozenset({"$schema", "$id", "x-partitions", "x-retention-ms"})
"""Standing marks of a schema file; of a topic's settings the channel speaks."""
_ABOUT: Final = """\
Facts that the services of Sinergi and other agencies tell each other over Kafka: CloudEvents 1.0 in binary mode,
attributes as `ce_*` headers, the body as JSON.

- `send` operations are those of the party that publishes, `receive` operations those of a party that listens.
- The record key is the UTF-8 text of the field named by `x-key`; partitions are chosen by murmur2 of it.
- Order is promised per `ce_subject`, by `ce_sequence`. The same `ce_source` and `ce_id` again is the same event.
- Readers ignore fields, headers and event types they do not know: inside a version, optional fields may be added.
- No event carries identifying data (name, NIK, No. KK, phone, address, account) or free text.
"""


def document(catalogue: Mapping[str, Entry] = CATALOGUE) -> dict[str, Any]:
    """The AsyncAPI document as plain data."""
    entries = sorted(catalogue.values(), key=lambda entry: entry.type)
    topics = sorted({entry.topic for entry in entries}, key=lambda topic: topic.name)
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic, _on(topic, entries)) for topic in topics},
        "operations": _operations(entries),
        "components": {
            "schemas": {"headers": _embedded(headers_schema())},
            "messages": {entry.type: _message(entry) for entry in entries},
        },
    }


def as_text(catalogue: Mapping[str, Entry] = CATALOGUE) -> str:
    """The document as it is committed: YAML, without anchors."""
    return yaml.dump(document(catalogue), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _on(topic: Topic, entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.topic == topic]


def _info() -> dict[str, Any]:
    return {
        "title": "Sinergi events",
        "version": "1.0.0",
        "description": _ABOUT,
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        "tags": [{"name": name, "description": about} for name, about in PARTIES.items()],
    }


def _server() -> dict[str, Any]:
    bootstrap = {"default": "localhost:9092", "description": "Bootstrap server that the operator names."}
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "The Kafka cluster of one deployment (a province or a kabupaten).",
        "variables": {"bootstrap": bootstrap},
    }


def _channel(topic: Topic, entries: Iterable[Entry]) -> dict[str, Any]:
    retention = {"cleanup.policy": ["delete"], "retention.ms": topic.retention_ms}
    kept = "for ever" if topic.retention_ms < 0 else f"for {topic.retention_ms // 86_400_000} days"
    return {
        "address": topic.name,
        "description": f"{topic.partitions} partitions, never more; records are kept {kept} and never compacted.",
        "messages": {entry.type: {"$ref": f"#/components/messages/{entry.type}"} for entry in entries},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": retention,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _message(entry: Entry) -> dict[str, Any]:
    payload = _embedded(event_schema(entry))
    return {
        "name": entry.type,
        "title": entry.model.__name__,
        "summary": str(payload.get("description", "")),
        "contentType": "application/json",
        "correlationId": {"description": "The case.", "location": "$message.header#/ce_correlationid"},
        "headers": {
            "type": "object",
            "allOf": [{"$ref": "#/components/schemas/headers"}],
            "properties": {"ce_type": {"type": "string", "const": entry.type}},
        },
        "payload": payload,
        "bindings": {"kafka": {"key": _key(entry), "bindingVersion": KAFKA_BINDING}},
        "tags": [{"name": entry.owner}],
    }


def _key(entry: Entry) -> dict[str, Any]:
    field = inline(model_schema(entry.model))["properties"][entry.key]
    return {"type": "string", "format": field["format"], "description": f"UTF-8 text of the field {entry.key}."}


def _embedded(schema: Schema) -> dict[str, Any]:
    return {key: value for key, value in inline(schema).items() if key not in _NOT_IN_ASYNCAPI}


def _operations(entries: Iterable[Entry]) -> dict[str, Any]:
    flows: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        flows.setdefault((entry.owner, "send", entry.topic.name), []).append(entry)
        for consumer in entry.consumers:
            flows.setdefault((consumer, "receive", entry.topic.name), []).append(entry)
    return {
        f"{party}.{action}.{topic}": _operation(party, action, topic, heard)
        for (party, action, topic), heard in sorted(flows.items())
    }


def _operation(party: str, action: str, topic: str, entries: Iterable[Entry]) -> dict[str, Any]:
    channel = f"#/channels/{topic}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": f"{party} {'publishes' if action == 'send' else 'listens'}",
        "description": PARTIES[party],
        "tags": [{"name": party}, {"name": "outside party" if party in OUTSIDE else "service"}],
        "messages": [{"$ref": f"{channel}/messages/{entry.type}"} for entry in entries],
    }
