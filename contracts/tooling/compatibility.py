"""Whether a schema may replace another one of the same event version.

Inside a version consumers and producers are upgraded in any order, so both directions must hold: a consumer
on the old schema reads what a new producer sends, and a consumer on the new schema reads what an old producer
sent (also years ago, since topics are kept). That leaves one change: a further optional field. Words for people
(title, description) are free. Everything else is a new version, published side by side.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from contracts.tooling.problems import Problem
from contracts.tooling.trees import Schema, UnresolvableSchemaError, inline, without_null

_WORDS: Final = frozenset({"title", "description", "examples", "$comment"})
_WALKED: Final = frozenset({"type", "properties", "required", "items", "enum"})
_UPPER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})
_LOWER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
_ROUTES: Final = {"x-topic": "topic", "x-key": "key", "x-subject": "subject"}
_TOPIC_SETTINGS: Final = {
    "x-partitions": "another partition count sends a key elsewhere, and the order of its events is lost",
    "x-retention-ms": "readers count on how long events are kept",
}
"""Recorded since some later commit: a schema from before it promised nothing about them."""

_OLD_CONSUMER: Final = "a consumer on the old schema refuses the new message"
_NEW_CONSUMER: Final = "a consumer on the new schema refuses the old message"


def compare(old: Schema, new: Schema) -> list[Problem]:
    """Why `new` may not replace `old` inside one version; empty when it may."""
    try:
        return _compare(inline(old), inline(new), "$")
    except UnresolvableSchemaError as error:
        return [Problem("$", f"cannot be compared: {error}.")]


def compare_all(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """Why the contracts `new` may not replace `old`, both by name; empty when they may."""
    gone = Problem("$", "this version was published and may never disappear: kept events still have to be read.")
    found = [gone.of(name) for name in sorted(old.keys() - new.keys())]
    for name in sorted(old.keys() & new.keys()):
        found += [problem.of(name) for problem in compare(old[name], new[name])]
    return found


def _compare(old: Schema, new: Schema, path: str) -> list[Problem]:
    old, old_null = without_null(old)
    new, new_null = without_null(new)
    found = []
    if old_null != new_null:
        allowed, consequence = ("now", _OLD_CONSUMER) if new_null else ("no longer", _NEW_CONSUMER)
        found.append(Problem(path, f"null is {allowed} allowed: {consequence}."))
    if old.get("type") != new.get("type"):
        change = f"type changed from {_show(old.get('type'))} to {_show(new.get('type'))}"
        return [*found, Problem(path, f"{change}: one side refuses what the other sends.")]
    found += _fields(old, new, path)
    found += _values(old.get("enum"), new.get("enum"), path)
    found += _elements(old.get("items"), new.get("items"), path)
    for keyword in sorted((old.keys() | new.keys()) - _WORDS - _WALKED):
        if _differ(old, new, keyword):
            found.append(Problem(path, _reason(keyword, old.get(keyword), new.get(keyword))))
    return found


def _fields(old: Schema, new: Schema, path: str) -> list[Problem]:
    before, after = old.get("properties", {}), new.get("properties", {})
    must_before, must_after = set(old.get("required", ())), set(new.get("required", ()))
    found = []
    for name in sorted(before.keys() | after.keys() | must_before | must_after):
        here = f"{path}.{name}"
        if name in before and name not in after:
            found.append(Problem(here, _removed(required=name in must_before)))
        elif name not in before and name in must_after:
            found.append(Problem(here, f"added as required: {_NEW_CONSUMER}."))
        elif name in before:
            found += _presence(name in must_before, name in must_after, here)
            found += _compare(before[name], after[name], here)
    return found


def _removed(*, required: bool) -> str:
    if required:
        return f"removed although required: {_OLD_CONSUMER}."
    return "removed: consumers that read it lose it without notice."


def _presence(before: bool, after: bool, path: str) -> list[Problem]:
    if before and not after:
        return [Problem(path, f"no longer required, so it may be absent: {_OLD_CONSUMER}.")]
    if after and not before:
        return [Problem(path, f"now required, but an old message may lack it: {_NEW_CONSUMER}.")]
    return []


def _values(old: Any, new: Any, path: str) -> list[Problem]:
    if old is None and new is None:
        return []
    if old is None:
        return [Problem(path, f"restricted to listed values: {_NEW_CONSUMER}.")]
    if new is None:
        return [Problem(path, f"no longer restricted to listed values: {_OLD_CONSUMER}.")]
    added = [value for value in new if value not in old]
    removed = [value for value in old if value not in new]
    found = []
    if added:
        found.append(Problem(path, f"value added ({_show(added)}): {_OLD_CONSUMER}."))
    if removed:
        found.append(Problem(path, f"value removed ({_show(removed)}): {_NEW_CONSUMER}."))
    return found


def _elements(old: Any, new: Any, path: str) -> list[Problem]:
    here = f"{path}[]"
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return _compare(old, new, here)
    if old != new:
        return [Problem(here, "the schema of the elements appeared or disappeared: one side refuses the other's list.")]
    return []


def _differ(old: Schema, new: Schema, keyword: str) -> bool:
    if keyword in _TOPIC_SETTINGS and keyword not in old:
        return False
    # As text, because Python takes 1, 1.0 and True for the same value.
    if (keyword in old) != (keyword in new):
        return True
    return json.dumps(old[keyword], sort_keys=True) != json.dumps(new[keyword], sort_keys=True)


def _reason(keyword: str, old: Any, new: Any) -> str:
    change = f"{keyword} changed from {_show(old)} to {_show(new)}"
    if keyword in _ROUTES:
        return (
            f"{change}: the {_ROUTES[keyword]} of a published version is fixed, consumers and their order rely on it."
        )
    if keyword in _TOPIC_SETTINGS:
        return f"{change}: {_TOPIC_SETTINGS[keyword]}."
    if keyword in _UPPER | _LOWER:
        return f"{change}: {_OLD_CONSUMER if _loosened(keyword, old, new) else _NEW_CONSUMER}."
    if keyword == "default":
        return f"{change}: the same message without the field would mean something else."
    if keyword.startswith("x-"):
        return f"{change}: the field would mean something else."
    if new is None:
        return f"{change}: {_OLD_CONSUMER}."
    return f"{change}: one side refuses what the other sends."


def _loosened(keyword: str, old: Any, new: Any) -> bool:
    if new is None:
        return True
    if old is None:
        return False
    return bool(new > old if keyword in _UPPER else new < old)


def _show(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
