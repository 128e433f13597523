"""A schema, a message that fits it, the ways of changing it, and the changes that are allowed inside a version."""

import copy
from collections.abc import Callable
from typing import Any

Tree = dict[str, Any]

ITEM: Tree = {
    "type": "object",
    "description": "One line.",
    "properties": {
        "item_code": {"type": "string", "pattern": "^[a-z-]+$"},
        "condition": {"$ref": "#/$defs/Condition"},
        "remark_code": {"type": "string"},
    },
    "required": ["item_code"],
}
OLD: Tree = {
    "$id": "urn:sinergi:event:disbursement.aid_handed_over.v1",
    "title": "AidHandedOverV1",
    "description": "Handed over.",
    "type": "object",
    "x-topic": "disbursement.grants",
    "x-key": "person_id",
    "x-subject": "grant_id",
    "$defs": {"Item": ITEM, "Condition": {"type": "string", "enum": ["good", "damaged"]}},
    "properties": {
        "person_id": {"type": "string", "format": "uuid", "x-field-type": "person_id", "x-field-class": "fact"},
        "grant_id": {"type": "string", "format": "uuid"},
        "amount_rupiah": {"type": "integer", "minimum": 0, "maximum": 1000, "x-field-type": "rupiah"},
        "package_code": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
        "occurred_on": {"type": "string", "format": "date"},
        "conditional": {"type": "boolean", "default": False},
        "replaces_id": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}], "default": None},
        "items": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"$ref": "#/$defs/Item"}},
    },
    "required": ["person_id", "grant_id", "amount_rupiah", "package_code", "occurred_on", "items"],
}
MESSAGE: Tree = {
    "person_id": "018aa60f-ae36-716e-a384-21e32381ed61",
    "grant_id": "018b3c74-41b0-7601-aea8-7beff3362871",
    "amount_rupiah": 500,
    "package_code": "goat",
    "occurred_on": "2023-11-22",
    "items": [{"item_code": "mixer", "condition": "good"}],
}
UUID = {"type": "string", "format": "uuid"}


def setting(*path: str, to: Any) -> Callable[[Tree], None]:
    def change(schema: Tree) -> None:
        *parents, last = path
        for name in parents:
            schema = schema[name]
        schema[last] = to

    return change


def dropping(*path: str) -> Callable[[Tree], None]:
    def change(schema: Tree) -> None:
        *parents, last = path
        for name in parents:
            schema = schema[name]
        del schema[last]

    return change


def both(*changes: Callable[[Tree], None]) -> Callable[[Tree], None]:
    def change(schema: Tree) -> None:
        for one in changes:
            one(schema)

    return change


def requires(*names: str) -> Callable[[Tree], None]:
    return setting("required", to=[*names])


def message(**fields: Any) -> Tree:
    """The base message with these fields; one set to `...` is left out."""
    return {name: value for name, value in {**MESSAGE, **fields}.items() if value is not ...}


def one_item(**fields: Any) -> Tree:
    return message(
        items=[{name: value for name, value in {"item_code": "mixer", **fields}.items() if value is not ...}]
    )


def changed(change: Callable[[Tree], None]) -> Tree:
    schema = copy.deepcopy(OLD)
    change(schema)
    return schema


def amount(**bounds: Any) -> Callable[[Tree], None]:
    return both(*(setting("properties", "amount_rupiah", name, to=value) for name, value in bounds.items()))


def in_code(**bounds: Any) -> Callable[[Tree], None]:
    return both(*(setting("properties", "package_code", name, to=value) for name, value in bounds.items()))


ALLOWED: dict[str, Callable[[Tree], None]] = {
    "nothing": lambda schema: None,
    "optional field added": setting("properties", "proposal_id", to=UUID),
    "optional nullable field added": setting("properties", "proposal_id", to={"anyOf": [UUID, {"type": "null"}]}),
    "optional field with a default added": setting("properties", "late", to={"type": "boolean", "default": False}),
    "optional field added to a nested record": setting(
        "$defs", "Item", "properties", "quantity", to={"type": "integer"}
    ),
    "optional list of records added": setting(
        "properties", "parts", to={"type": "array", "items": {"$ref": "#/$defs/Item"}}
    ),
    "description changed": setting("description", to="Handed over against a BAST."),
    "description of a field added": setting("properties", "items", "description", to="What was received."),
    "description of a nested record dropped": dropping("$defs", "Item", "description"),
    "title changed": setting("title", to="HandedOver"),
    "required in another order": requires(*reversed(OLD["required"])),
    "enumeration in another order": setting("$defs", "Condition", "enum", to=["damaged", "good"]),
    "definition renamed": both(
        dropping("$defs", "Condition"),
        setting("$defs", "ItemCondition", to=OLD["$defs"]["Condition"]),
        setting("$defs", "Item", "properties", "condition", "$ref", to="#/$defs/ItemCondition"),
    ),
    "definition written in place": setting("$defs", "Item", "properties", "condition", to=OLD["$defs"]["Condition"]),
    "unused definition added": setting("$defs", "Other", to={"type": "string"}),
    "optional value written the other way": setting(
        "properties", "replaces_id", to={"type": ["string", "null"], "format": "uuid", "default": None}
    ),
}
