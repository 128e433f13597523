"""Whether a contract is built from the closed set of field types, and of nothing else.

A mark alone proves nothing: the schema under it must be the one that `contracts.fields` gives that type, so
a free string cannot travel as a code. Names are checked too, since a person's name under the type of a code is
still a person's name (UU 27/2022: minimum of personal data).
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic import TypeAdapter

from contracts import fields
from contracts.tooling.problems import Problem
from contracts.tooling.trees import Schema, UnresolvableSchemaError, inline, without_null

_TYPES: Final = (
    fields.Id,
    fields.PersonId,
    fields.FamilyId,
    fields.RegionCode,
    fields.Decile,
    fields.ListVersion,
    fields.Code,
    fields.AgencyCode,
    fields.Day,
    fields.Days,
    fields.Rupiah,
    fields.Hours,
    fields.Count,
    fields.Flag,
    fields.DocumentNumber,
)
_WORDS: Final = frozenset({"title", "description", "examples", "default"})
_LIST_BOUNDS: Final = frozenset({"minItems", "maxItems"})
_MARKS: Final = frozenset({"x-field-type", "x-field-class"})
_CLASSES: Final = frozenset(field_class.value for field_class in fields.FieldClass)

_ENDINGS: Final = {
    "id": "_id",
    "person_id": "person_id",
    "family_id": "family_id",
    "region": "region_code",
    "decile": "decile",
    "list_version": "list_version",
    "code": "_code",
    "agency": "agency",
    "date": "_on",
    "dates": "_dates",
    "rupiah": "_rupiah",
    "hours": "_hours",
    "document_number": "_number",
}
_RESERVED_ENDINGS: Final = {
    "_id": {"id", "person_id", "family_id"},
    "_code": {"code", "region"},
    "_on": {"date"},
    "_dates": {"dates"},
    "_rupiah": {"rupiah"},
    "_hours": {"hours"},
}
_IDENTIFYING_WORDS: Final = frozenset(
    {"nik", "kk", "nokk", "ktp", "npwp", "hp", "wa", "sms", "email", "mail", "birth", "birthday", "born", "gps"}
    | {"latitude", "longitude", "photo", "signature", "note", "notes", "remark", "remarks", "comment", "text"}
)
_IDENTIFYING_PARTS: Final = ("name", "nama", "phone", "telepon", "whatsapp", "address", "alamat", "account", "rekening")
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ENUM_VALUE: Final = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")


def check(schema: Schema) -> list[Problem]:
    """Where a schema leaves the closed set; empty when it does not."""
    try:
        whole = inline(schema)
    except UnresolvableSchemaError as error:
        return [Problem("$", f"cannot be read: {error}.")]
    return list(_record(whole, "$"))


def _record(node: Schema, path: str) -> Iterator[Problem]:
    if node.get("type") != "object" or not node.get("properties"):
        yield Problem(path, "is not a record of named fields.")
        return
    if node.get("additionalProperties", True) is not True:
        yield Problem(path, "says something about unknown fields, but consumers have to ignore them.")
    for name, field in node["properties"].items():
        here = f"{path}.{name}"
        yield from _named(name, here)
        yield from _field(name, field, here)


def _named(name: str, path: str) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        yield Problem(path, "is not named in lower snake case.")
    words = set(name.lower().split("_"))
    if words & _IDENTIFYING_WORDS or any(part in word for word in words for part in _IDENTIFYING_PARTS):
        yield Problem(path, "is named like identifying data or free text, which no contract may carry.")


def _field(name: str, field: Schema, path: str) -> Iterator[Problem]:
    value, _ = without_null(field)
    kind = value.get("x-field-type")
    if kind not in fields.FIELD_TYPE_NAMES or value.get("x-field-class") not in _CLASSES:
        yield Problem(path, "has no field type and class of contracts.fields.")
        return
    ending = _ENDINGS.get(kind, "")
    if not (name.endswith(ending) or name == ending.lstrip("_")):
        yield Problem(path, f"is of type {kind}, so its name has to end in {ending}.")
    for reserved, kinds in _RESERVED_ENDINGS.items():
        if name.endswith(reserved) and kind not in kinds:
            yield Problem(path, f"ends in {reserved}, which is kept for {', '.join(sorted(kinds))}, but is a {kind}.")
    if kind == "coded":
        yield from _coded(value, path)
    elif kind == "codes":
        yield from _codes(value, path)
    elif kind == "entries":
        yield from _entries(value, path)
    elif _constraints(value) != _SHAPES[kind]:
        yield Problem(path, f"is marked {kind} but is not the {kind} of contracts.fields.")


def _coded(value: Schema, path: str) -> Iterator[Problem]:
    constraints = _constraints(value)
    constants = [constraints.pop("const")] if "const" in constraints else []
    listed = constraints.pop("enum", constants)
    marks = {key: constraints.pop(key) for key in _MARKS if key in constraints}
    if constraints != {"type": "string"} or not listed or len(marks) != len(_MARKS):
        yield Problem(path, "is not an enumeration of strings declared in the contract.")
    for item in listed:
        if not isinstance(item, str) or not _ENUM_VALUE.fullmatch(item):
            yield Problem(path, f"has the value {item!r}, which is not a code.")


def _codes(value: Schema, path: str) -> Iterator[Problem]:
    yield from _bounded_list(value, path)
    element = value.get("items", {})
    if element.get("x-field-type") != "coded" or element.get("x-field-class") not in _CLASSES:
        yield Problem(f"{path}[]", "is not marked as an enumeration.")
        return
    yield from _coded(element, f"{path}[]")


def _entries(value: Schema, path: str) -> Iterator[Problem]:
    yield from _bounded_list(value, path)
    yield from _record(value.get("items", {}), f"{path}[]")


def _bounded_list(value: Schema, path: str) -> Iterator[Problem]:
    keywords = _constraints(value).keys() - _MARKS - _LIST_BOUNDS - {"items"}
    if keywords != {"type"} or value["type"] != "array" or "maxItems" not in value:
        yield Problem(path, "is not a plain list with a greatest length.")


def _constraints(node: Schema) -> dict[str, Any]:
    return {key: item for key, item in node.items() if key not in _WORDS}


_SHAPES: Final = {
    shape["x-field-type"]: shape for shape in (_constraints(TypeAdapter(kind).json_schema()) for kind in _TYPES)
}
