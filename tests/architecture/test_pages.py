"""No list answers whole: every GET route of one is read page by page, or is told why it cannot grow."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chassis.service import Service
from tests.architecture.house import SERVICES

STARTS = {"after", "after_row"}
"""Where a page begins: behind `next` of the one before, or behind a row's number in its file."""

BOUNDED = {
    "GET /admin/events": "takes `after`; 200 events of one case at a time",
    "GET /admin/heard": "200 events by their ids, and what is parked of one case",
    "GET /basts/{bast_id}": "goods of one package",
    "GET /cases/{case_id}/timeline": "what happened to one person in one programme",
    "GET /empowerment-rules": "versions of one rule, each set by an administrator",
    "GET /message-counts": "templates times states",
    "GET /programmes/{programme_id}/stock": "packages of one programme",
    "GET /proposals/{proposal_id}/amendment-lines": "a proposal to amend takes 500 lines at most",
    "GET /schedules": "one for each package, set by an administrator",
    "GET /templates": "a closed set of codes",
}
"""Lists that no number of people makes longer, and what bounds them."""


def answer_of(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of what a route answers; empty for a page to print or a file."""
    content = operation["responses"]["200"].get("content", {})
    schema: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


def is_list(schema: Mapping[str, Any], api: Mapping[str, Any]) -> bool:
    """Whether an answer is a list, or has items or a next page."""
    if "$ref" in schema:
        schema = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema.get("type") == "array" or not {"items", "next"}.isdisjoint(schema.get("properties", {}))


def is_paged(operation: Mapping[str, Any]) -> bool:
    """Whether a route takes where its page begins, and how much it holds, which has an end."""
    taken = {each["name"]: each["schema"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    return not STARTS.isdisjoint(taken) and "maximum" in taken.get("limit", {})


def lists_of(api: Mapping[str, Any]) -> dict[str, bool]:
    """GET routes that answer with a list, and whether each is read page by page."""
    reads = {f"GET {path}": methods["get"] for path, methods in api["paths"].items() if "get" in methods}
    return {name: is_paged(operation) for name, operation in reads.items() if is_list(answer_of(operation), api)}


def test_every_list_comes_in_pages_or_cannot_grow(compose: Callable[[str], Service]) -> None:
    found = [lists_of(compose(name).app.openapi()) for name in SERVICES]
    assert all(any(lists.values()) for lists in found), "the walk finds no lists"
    assert {name for lists in found for name, paged in lists.items() if not paged} == BOUNDED.keys()


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "array", "items": {}}, True),
        ({"type": "object", "properties": {"items": {}}}, True),
        ({"type": "object", "properties": {"invited": {}, "next": {}}}, True),
        ({"$ref": "#/components/schemas/Page"}, True),
        ({"type": "object", "properties": {"name": {}}}, False),
    ],
)
def test_the_walk_sees_what_is_a_list(schema: dict[str, Any], found: bool) -> None:
    assert is_list(schema, {"components": {"schemas": {"Page": {"properties": {"items": {}, "next": {}}}}}}) == found


@pytest.mark.parametrize(
    ("taken", "found"),
    [
        ({"after": {}, "limit": {"maximum": 200}}, True),
        ({"after_row": {}, "limit": {"maximum": 200}}, True),
        ({"after": {}, "limit": {}}, False),
        ({"after": {}}, False),
        ({"limit": {"maximum": 200}}, False),
        ({}, False),
    ],
)
def test_the_walk_sees_what_is_paged(taken: dict[str, Any], found: bool) -> None:
    parameters = [{"in": "query", "name": name, "schema": schema} for name, schema in taken.items()]
    assert is_paged({"parameters": parameters}) == found
