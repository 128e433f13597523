"""The golden examples: one message per event version, as it goes over the wire.

They are written by hand and committed; nothing here writes them. An example that no longer fits says that the
contract changed under those who built on it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contracts.catalogue import CATALOGUE, Entry
from contracts.envelope import to_body
from contracts.tooling import EXAMPLES
from contracts.tooling.problems import Problem
from contracts.tooling.schemas import headers_schema


@dataclass(frozen=True, slots=True)
class Example:
    """One record: headers and key as text, the body as JSON."""

    headers: Mapping[str, str]
    key: str
    value: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """The record's value as bytes, for tests of consumers."""
        return json.dumps(self.value, separators=(",", ":"), ensure_ascii=False).encode()


def load(event_type: str, folder: Path = EXAMPLES) -> Example:
    """The golden example of an event version. Raises FileNotFoundError, ValueError or TypeError when unreadable."""
    return Example(**json.loads((folder / f"{event_type}.json").read_text("utf-8")))


def check(catalogue: Mapping[str, Entry] = CATALOGUE, folder: Path = EXAMPLES) -> list[str]:
    """Examples that are missing, left over or do not fit their contract."""
    present = {path.stem for path in folder.glob("*.json")}
    found = [f"{name}: has no golden example in examples/{name}.json." for name in sorted(catalogue.keys() - present)]
    found += [f"examples/{name}.json: belongs to no event version." for name in sorted(present - catalogue.keys())]
    for name in sorted(catalogue.keys() & present):
        found += [problem.of(f"examples/{name}.json") for problem in check_one(catalogue[name], folder)]
    return found


def check_one(entry: Entry, folder: Path = EXAMPLES) -> list[Problem]:
    """What is wrong with one example."""
    try:
        example = load(entry.type, folder)
    except (ValueError, TypeError) as error:
        return [Problem("$", f"cannot be read: {error}.")]
    return [*_headers(entry, example), *_body(entry, example)]


def _headers(entry: Entry, example: Example) -> list[Problem]:
    schema = headers_schema()
    found = [Problem(f"$.headers.{name}", "is missing.") for name in schema["required"] if name not in example.headers]
    expected = {"ce_type": entry.type, "ce_subject": example.value.get(entry.subject)}
    for name, value in expected.items():
        if example.headers.get(name) != value:
            found.append(Problem(f"$.headers.{name}", f"is not {value}."))
    if example.key != example.value.get(entry.key):
        found.append(Problem("$.key", f"is not the value of {entry.key}."))
    return found


def _body(entry: Entry, example: Example) -> list[Problem]:
    try:
        fact = entry.model.model_validate_json(example.body)
    except ValidationError as error:
        return [
            Problem(".".join(["$.value", *map(str, one["loc"])]), f"is refused by the model: {one['msg']}.")
            for one in error.errors(include_url=False, include_input=False)
        ]
    if json.loads(to_body(fact)) != example.value:
        return [Problem("$.value", "is not what the model writes for it.")]
    return []
