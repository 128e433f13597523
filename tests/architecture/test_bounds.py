"""Nothing in a request is unbounded: every list and every text that a route takes has a limit, which its 422 names."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from chassis.service import Service

SHORT_FORMATS = {"uuid", "date", "date-time"}
"""Texts that the parser itself holds to a few characters."""
ENDLESS = re.compile(r"(?<!\\)[*+]|\{\d*,\}|^(?!\^)|(?<!\$)$")
"""A pattern with a repetition that has no end, or one that is not held at both of its ends."""


def schemas_of(api: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each parameter and each body that a route takes, by the name of its place."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            place = f"{method.upper()} {path}"
            for parameter in operation.get("parameters", ()):
                yield f"{place} {parameter['in']} {parameter['name']}", parameter["schema"]
            for media in operation.get("requestBody", {}).get("content", {}).values():
                yield f"{place} body", media["schema"]


def unbounded(schema: dict[str, Any], place: str, api: dict[str, Any]) -> Iterator[str]:
    """The places within a schema where a request may be as long as it likes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from unbounded(api["components"]["schemas"][name], place, api)
    for choice in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        yield from unbounded(choice, place, api)
    for name, field in schema.get("properties", {}).items():
        yield from unbounded(field, f"{place}.{name}", api)
    kind = schema.get("type")
    if kind == "array":
        if "maxItems" not in schema:
            yield f"{place}: a list of any length"
        yield from unbounded(schema.get("items", {}), f"{place}[]", api)
    elif kind == "string" and not _is_short(schema):
        yield f"{place}: a text of any length"
    elif kind == "object" and schema.get("additionalProperties") and "maxProperties" not in schema:
        yield f"{place}: any number of names"


def _is_short(schema: dict[str, Any]) -> bool:
    if "maxLength" in schema or "enum" in schema or "const" in schema or schema.get("format") in SHORT_FORMATS:
        return True
    return "pattern" in schema and not ENDLESS.search(schema["pattern"])


def test_every_list_and_text_of_a_request_has_a_limit(service: Service) -> None:
    api = service.app.openapi()
    taken = list(schemas_of(api))
    assert len(taken) > 20, "the walk finds no requests"
    assert [found for place, schema in taken for found in unbounded(schema, place, api)] == []


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "string"}, 1),
        ({"type": "string", "maxLength": 5}, 0),
        ({"type": "string", "format": "uuid"}, 0),
        ({"type": "string", "format": "email"}, 1),
        ({"type": "string", "pattern": "^[a-z]{1,9}$"}, 0),
        ({"type": "string", "pattern": "^[a-z]+$"}, 1),
        ({"type": "string", "pattern": "^[a-z]{2,}$"}, 1),
        ({"type": "string", "pattern": "[a-z]{2}"}, 1),
        ({"type": "array", "items": {"type": "integer"}}, 1),
        ({"type": "array", "maxItems": 5, "items": {"type": "string"}}, 1),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1),
        ({"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}}, 1),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, 1),
    ],
)
def test_the_walk_sees_what_has_no_limit(schema: dict[str, Any], found: int) -> None:
    api = {"components": {"schemas": {"A": {"type": "array", "items": {"type": "integer"}}}}}
    assert len(list(unbounded(schema, "here", api))) == found
