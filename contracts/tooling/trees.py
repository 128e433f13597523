"""Reading JSON Schema documents: references resolved, optional values unwrapped."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_NULL: Schema = {"type": "null"}


class UnresolvableSchemaError(ValueError):
    """A `$ref` names nothing in this document, leads outside it or back to itself."""


def inline(schema: Schema) -> dict[str, Any]:
    """The same schema with every `$ref` replaced by what it names and `$defs` gone.

    Keywords beside a `$ref` win over those of its target. Raises UnresolvableSchemaError.
    """
    definitions = schema.get("$defs", {})
    bare = {key: value for key, value in schema.items() if key != "$defs"}
    inlined: dict[str, Any] = _inline(bare, definitions, ())
    return inlined


def _inline(node: Any, definitions: Schema, inside: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inline(item, definitions, inside) for item in node]
    if not isinstance(node, Mapping):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return {key: _inline(value, definitions, inside) for key, value in node.items()}
    name = reference.removeprefix("#/$defs/")
    if name == reference or name not in definitions:
        raise UnresolvableSchemaError(f"{reference} names nothing in this schema")
    if name in inside:
        raise UnresolvableSchemaError(f"{reference} contains itself")
    beside = {key: value for key, value in node.items() if key != "$ref"}
    merged = _inline(definitions[name], definitions, (*inside, name)) | _inline(beside, definitions, inside)
    return dict(merged)


def without_null(node: Schema) -> tuple[dict[str, Any], bool]:
    """The schema of an optional value without its null, and whether it had one.

    Knows the two ways of writing it: `anyOf: [X, null]` and `type: [X, null]`; keywords beside `anyOf` win.
    """
    branches = node.get("anyOf")
    if isinstance(branches, list) and len(branches) == 2 and _NULL in branches:
        value: Schema = next((branch for branch in branches if branch != _NULL), {})
        beside = {key: item for key, item in node.items() if key != "anyOf"}
        return {**value, **beside}, True
    kinds = node.get("type")
    if isinstance(kinds, list) and len(kinds) == 2 and "null" in kinds:
        return {**node, "type": next(kind for kind in kinds if kind != "null")}, True
    return dict(node), False
