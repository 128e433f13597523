"""Who publishes and hears: our services and the parties outside, and whether the catalogue keeps to them."""

import re
from collections.abc import Mapping
from typing import Final

from contracts.catalogue import EXTERNAL, Entry
from contracts.tooling.problems import Problem
from contracts.tooling.schemas import model_schema
from contracts.tooling.trees import inline

SERVICES: Final = {
    "registry": "People, families, their eligibility attributes and their membership in social assistance.",
    "training": "Providers, courses, classes, enrolments, attendance and completion.",
    "disbursement": "Programmes, budgets, grants, handovers (BAST) and the ledger.",
    "followup": "Mentoring plans, visits, outcomes, empowerment and graduation proposals.",
    "notifications": "Messages to beneficiaries, by phone, e-mail or printed list, and their receipts.",
    "console": "Read-only pages for officers; publishes nothing.",
}
OUTSIDE: Final = {
    "training-provider": "A training provider (lembaga pelatihan): sends attendance sheets from its own system.",
    "dinas-koperasi": "The cooperatives' agency (Dinas Koperasi): reports productive aid that it gave.",
    EXTERNAL: "Other agencies and providers that an agreement lets hear this event, each on a topic of its own.",
}
PARTIES: Final = {**SERVICES, **OUTSIDE}

_TYPE: Final = re.compile(r"(?P<owner>[a-z][a-z-]*)\.(?P<fact>[a-z][a-z_]*)\.v(?P<version>[1-9][0-9]*)")
_TOPIC: Final = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")
_ID_TYPES: Final = frozenset({"id", "person_id", "family_id"})


def check_catalogue(catalogue: Mapping[str, Entry]) -> list[str]:
    """What is wrong with the catalogue itself: names, routes, owners, consumers, versions."""
    found = []
    owner_of_topic: dict[str, str] = {}
    for name, entry in catalogue.items():
        reasons = [*_names(name, entry, catalogue), *_routes(entry), *_consumers(entry)]
        if owner_of_topic.setdefault(entry.topic.name, entry.owner) != entry.owner:
            reasons.append(f"is published on the topic of {owner_of_topic[entry.topic.name]}.")
        found += [Problem("$", reason).of(name) for reason in reasons]
    return found


def _names(name: str, entry: Entry, catalogue: Mapping[str, Entry]) -> list[str]:
    parsed = _TYPE.fullmatch(name)
    if parsed is None or name != entry.type:
        return ["is not named <owner>.<fact>.v<N> as in its model."]
    owner, version = parsed["owner"], int(parsed["version"])
    found = []
    if owner not in PARTIES or owner in {EXTERNAL, "console"}:
        found.append(f"is owned by {owner}, which publishes nothing.")
    if version > 1 and f"{owner}.{parsed['fact']}.v{version - 1}" not in catalogue:
        found.append(f"comes without its version {version - 1}, which stays published beside it.")
    expected = "".join(part.capitalize() for part in parsed["fact"].split("_")) + f"V{version}"
    if entry.model.__name__ != expected:
        found.append(f"has the model {entry.model.__name__} instead of {expected}.")
    return found


def _routes(entry: Entry) -> list[str]:
    found = []
    folder = entry.owner if entry.owner in SERVICES else "inbound"
    if not _TOPIC.fullmatch(entry.topic.name) or not entry.topic.name.startswith(f"{folder}."):
        found.append(f"travels on {entry.topic.name} instead of {folder}.<plural noun>.")
    schema = inline(model_schema(entry.model))
    for role, field in (("key", entry.key), ("subject", entry.subject)):
        kind = schema["properties"].get(field, {}).get("x-field-type")
        if kind not in _ID_TYPES or field not in schema["required"]:
            found.append(f"has the {role} {field}, which is not a required id of its model.")
    return found


def _consumers(entry: Entry) -> list[str]:
    found = [f"is heard by {name}, which is unknown." for name in entry.consumers if name not in PARTIES]
    if not entry.consumers:
        found.append("is heard by nobody.")
    if entry.owner in entry.consumers:
        found.append("is heard by its own publisher.")
    if len(set(entry.consumers)) < len(entry.consumers):
        found.append("names a consumer twice.")
    return found
