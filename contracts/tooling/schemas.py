"""JSON Schema (2020-12) of every event version and of the headers around it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from contracts.catalogue import CATALOGUE, Entry
from contracts.tooling import SCHEMAS
from contracts.tooling.trees import Schema

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
HEADERS: Final = "headers"
"""Name under which the schema of the headers lies beside those of the events."""

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUID7: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


class _WithoutFieldTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of what a consumer validates; a field's title would only repeat its name."""
    return model.model_json_schema(mode="validation", schema_generator=_WithoutFieldTitles)


def event_schema(entry: Entry) -> dict[str, Any]:
    """The schema of one event version, with its topic (and what is fixed about it), key and subject."""
    marks = {
        "$schema": DIALECT,
        "$id": f"urn:sinergi:event:{entry.type}",
        "x-topic": entry.topic.name,
        "x-partitions": entry.topic.partitions,
        "x-retention-ms": entry.topic.retention_ms,
        "x-key": entry.key,
        "x-subject": entry.subject,
    }
    return model_schema(entry.model) | marks


def _text(description: str, pattern: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, "pattern": f"^{pattern}$", **more}


def headers_schema() -> dict[str, Any]:
    """The Kafka headers of every record: CloudEvents 1.0, binary mode, each value UTF-8 text."""
    properties = {
        "content-type": {"type": "string", "const": "application/json", "description": "How the body is written."},
        "ce_specversion": {"type": "string", "const": "1.0", "description": "Version of CloudEvents."},
        "ce_id": _text("Id of this event, UUIDv7: the same id twice is the same event.", _UUID7, format="uuid"),
        "ce_source": _text(
            "Who published it, such as /sinergi/kab-tegal/registry; unique together with ce_id.",
            r"/[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)+",
            maxLength=200,
        ),
        "ce_type": _text("Event type, <owner>.<fact>.v<N>.", r"[a-z][a-z-]*\.[a-z][a-z_]*\.v[1-9][0-9]*"),
        "ce_subject": _text("Id of the aggregate the event speaks of.", _UUID, format="uuid"),
        "ce_time": _text(
            "When it was recorded, UTC; the day of the act itself is occurred_on in the body.",
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|\+00:00)",
            format="date-time",
        ),
        "ce_correlationid": _text(
            "The case: one person in one programme, or the import, class or programme it belongs to.",
            _UUID,
            format="uuid",
        ),
        "ce_causationid": _text("ce_id of the event that led to this one.", _UUID, format="uuid"),
        "ce_actor": _text("Who acted, opaque outside the publishing service.", r"[A-Za-z0-9_:.-]{1,128}"),
        "ce_sequence": _text("Version of the aggregate: orders the events of one subject.", r"(0|[1-9][0-9]{0,17})"),
        "traceparent": _text("W3C trace context.", r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
    }
    optional = {"ce_causationid", "ce_actor", "traceparent"}
    return {
        "$schema": DIALECT,
        "$id": "urn:sinergi:headers",
        "title": "Headers",
        "description": "Kafka headers of every record. A reader ignores headers it does not know.",
        "type": "object",
        "properties": properties,
        "required": sorted(set(properties) - optional),
    }


def generate(catalogue: Mapping[str, Entry] = CATALOGUE) -> dict[str, dict[str, Any]]:
    """All schemas by name: one per event type, and the headers."""
    return {HEADERS: headers_schema(), **{name: event_schema(entry) for name, entry in catalogue.items()}}


def as_text(schema: Schema) -> str:
    """The one way a schema is written to disk: keys sorted, so that a difference is a change."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def file_of(name: str, folder: Path = SCHEMAS) -> Path:
    """Where the schema of that name is kept."""
    return folder / f"{name}.json"


def committed(folder: Path = SCHEMAS) -> dict[str, dict[str, Any]]:
    """The schemas on disk by name. Raises ValueError when a file is not JSON."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}
