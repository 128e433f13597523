"""The changes that are forbidden inside a version, each with where and why.

One that breaks readers carries a witness: a message that one of the two schemas accepts and the other refuses.
A row that is wrong about JSON Schema therefore fails by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.contracts.changes import (
    MESSAGE,
    OLD,
    UUID,
    Tree,
    amount,
    both,
    dropping,
    in_code,
    message,
    one_item,
    requires,
    setting,
)


@dataclass(frozen=True)
class Forbidden:
    change: Callable[[Tree], None]
    path: str
    reason: str
    witness: Tree | None = None


OLD_READER = "a consumer on the old schema refuses"
NEW_READER = "a consumer on the new schema refuses"
WITHOUT_GRANT = [name for name in OLD["required"] if name != "grant_id"]

FORBIDDEN: dict[str, Forbidden] = {
    "required field removed": Forbidden(
        both(dropping("properties", "grant_id"), requires(*WITHOUT_GRANT)),
        "$.grant_id",
        OLD_READER,
        message(grant_id=...),
    ),
    "optional field removed": Forbidden(dropping("properties", "conditional"), "$.conditional", "lose it"),
    "optional field removed from a nested record": Forbidden(
        dropping("$defs", "Item", "properties", "remark_code"), "$.items[].remark_code", "lose it"
    ),
    "field renamed": Forbidden(
        both(dropping("properties", "replaces_id"), setting("properties", "replaces_bast_id", to=UUID)),
        "$.replaces_id",
        "lose it",
    ),
    "required field added": Forbidden(
        both(setting("properties", "bast_id", to=UUID), requires(*OLD["required"], "bast_id")),
        "$.bast_id",
        NEW_READER,
        MESSAGE,
    ),
    "required field added to a nested record": Forbidden(
        both(
            setting("$defs", "Item", "properties", "quantity", to={"type": "integer"}),
            setting("$defs", "Item", "required", to=["item_code", "quantity"]),
        ),
        "$.items[].quantity",
        NEW_READER,
        MESSAGE,
    ),
    "optional field made required": Forbidden(
        requires(*OLD["required"], "conditional"), "$.conditional", NEW_READER, MESSAGE
    ),
    "required field made optional": Forbidden(
        requires(*WITHOUT_GRANT), "$.grant_id", OLD_READER, message(grant_id=...)
    ),
    "nested required field made optional": Forbidden(
        setting("$defs", "Item", "required", to=[]), "$.items[].item_code", OLD_READER, one_item(item_code=...)
    ),
    "null now allowed": Forbidden(
        setting("properties", "grant_id", to={"anyOf": [UUID, {"type": "null"}]}),
        "$.grant_id",
        "null is now allowed",
        message(grant_id=None),
    ),
    "null no longer allowed": Forbidden(
        setting("properties", "replaces_id", to={**UUID, "default": None}),
        "$.replaces_id",
        "null is no longer allowed",
        message(replaces_id=None),
    ),
    "integer becomes number": Forbidden(
        amount(type="number"), "$.amount_rupiah", 'from "integer" to "number"', message(amount_rupiah=0.5)
    ),
    "integer becomes string": Forbidden(amount(type="string"), "$.amount_rupiah", "type changed", MESSAGE),
    "type given up": Forbidden(
        dropping("properties", "conditional", "type"), "$.conditional", "to nothing", message(conditional="yes")
    ),
    "list becomes one record": Forbidden(
        setting("properties", "items", to={"$ref": "#/$defs/Item"}), "$.items", "type changed", MESSAGE
    ),
    "maximum raised": Forbidden(amount(maximum=2000), "$.amount_rupiah", OLD_READER, message(amount_rupiah=1500)),
    "maximum lowered": Forbidden(amount(maximum=600), "$.amount_rupiah", NEW_READER, message(amount_rupiah=700)),
    "maximum dropped": Forbidden(
        dropping("properties", "amount_rupiah", "maximum"), "$.amount_rupiah", OLD_READER, message(amount_rupiah=9999)
    ),
    "exclusive maximum added": Forbidden(
        amount(exclusiveMaximum=1000), "$.amount_rupiah", NEW_READER, message(amount_rupiah=1000)
    ),
    "minimum raised": Forbidden(amount(minimum=1), "$.amount_rupiah", NEW_READER, message(amount_rupiah=0)),
    "minimum lowered": Forbidden(amount(minimum=-1), "$.amount_rupiah", OLD_READER, message(amount_rupiah=-1)),
    "multiple demanded": Forbidden(amount(multipleOf=1000), "$.amount_rupiah", "one side refuses", MESSAGE),
    "longer text": Forbidden(in_code(maxLength=9), "$.package_code", OLD_READER, message(package_code="chicken")),
    "shorter text": Forbidden(in_code(maxLength=3), "$.package_code", NEW_READER, MESSAGE),
    "least length lowered": Forbidden(in_code(minLength=1), "$.package_code", OLD_READER, message(package_code="g")),
    "least length raised": Forbidden(in_code(minLength=5), "$.package_code", NEW_READER, MESSAGE),
    "pattern widened": Forbidden(
        in_code(pattern="^[a-z0-9]+$"), "$.package_code", "pattern changed", message(package_code="goat2")
    ),
    "pattern dropped": Forbidden(
        dropping("properties", "package_code", "pattern"), "$.package_code", OLD_READER, message(package_code="A B")
    ),
    "pattern added": Forbidden(
        setting("properties", "grant_id", "pattern", to="^019"), "$.grant_id", "one side refuses", MESSAGE
    ),
    "format changed": Forbidden(
        setting("properties", "occurred_on", "format", to="date-time"), "$.occurred_on", "format changed", MESSAGE
    ),
    "format dropped": Forbidden(
        dropping("properties", "occurred_on", "format"), "$.occurred_on", OLD_READER, message(occurred_on="soon")
    ),
    "enumeration value added": Forbidden(
        setting("$defs", "Condition", "enum", to=["good", "damaged", "lost"]),
        "$.items[].condition",
        'value added (["lost"])',
        one_item(condition="lost"),
    ),
    "enumeration value removed": Forbidden(
        setting("$defs", "Condition", "enum", to=["good"]),
        "$.items[].condition",
        'value removed (["damaged"])',
        one_item(condition="damaged"),
    ),
    "enumeration opened": Forbidden(
        dropping("$defs", "Condition", "enum"), "$.items[].condition", OLD_READER, one_item(condition="lost")
    ),
    "enumeration closed": Forbidden(
        setting("$defs", "Item", "properties", "remark_code", "enum", to=["a"]),
        "$.items[].remark_code",
        NEW_READER,
        one_item(remark_code="b"),
    ),
    "constant demanded": Forbidden(
        setting("properties", "conditional", "const", to=False), "$.conditional", "const", message(conditional=True)
    ),
    "more elements": Forbidden(
        setting("properties", "items", "maxItems", to=3), "$.items", OLD_READER, message(items=MESSAGE["items"] * 3)
    ),
    "fewer elements": Forbidden(
        setting("properties", "items", "maxItems", to=1), "$.items", NEW_READER, message(items=MESSAGE["items"] * 2)
    ),
    "no elements": Forbidden(
        setting("properties", "items", "minItems", to=0), "$.items", OLD_READER, message(items=[])
    ),
    "elements without schema": Forbidden(
        dropping("properties", "items", "items"), "$.items[]", "appeared or disappeared", message(items=["mixer"])
    ),
    "unknown fields refused": Forbidden(
        setting("additionalProperties", to=False), "$", "additionalProperties", message(added_later=1)
    ),
    "default changed": Forbidden(
        setting("properties", "conditional", "default", to=True), "$.conditional", "would mean something else"
    ),
    "default changed to an equal of another type": Forbidden(
        setting("properties", "conditional", "default", to=0), "$.conditional", "would mean something else"
    ),
    "default dropped": Forbidden(
        dropping("properties", "replaces_id", "default"), "$.replaces_id", "would mean something else"
    ),
    "field type changed": Forbidden(
        setting("properties", "amount_rupiah", "x-field-type", to="count"), "$.amount_rupiah", "mean something else"
    ),
    "field class changed": Forbidden(
        setting("properties", "person_id", "x-field-class", to="eligibility"), "$.person_id", "mean something else"
    ),
    "topic changed": Forbidden(setting("x-topic", to="disbursement.aid"), "$", "the topic of a published version"),
    "key changed": Forbidden(setting("x-key", to="family_id"), "$", "the key of a published version"),
    "subject changed": Forbidden(setting("x-subject", to="person_id"), "$", "the subject of a published version"),
    "alternatives added": Forbidden(
        setting("properties", "conditional", to={"anyOf": [{"type": "boolean"}, {"type": "string"}]}),
        "$.conditional",
        "type changed",
        message(conditional="yes"),
    ),
    "reference to nothing": Forbidden(
        setting("properties", "items", "items", "$ref", to="#/$defs/Gone"), "$", "cannot be compared"
    ),
}
