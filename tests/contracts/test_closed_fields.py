"""A contract can be built from the closed set of field types only."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field, create_model

from contracts.catalogue import CATALOGUE
from contracts.envelope import Fact, Part
from contracts.fields import (
    Code,
    Count,
    Day,
    Days,
    Decile,
    DocumentNumber,
    Id,
    PersonId,
    RegionCode,
    Rupiah,
    coded,
    codes,
    entries,
)
from contracts.tooling.closed_fields import check
from contracts.tooling.schemas import model_schema


class Reason(StrEnum):
    DECEASED = "deceased"
    MOVED_AWAY = "moved_away"


class Sentence(StrEnum):
    LONG = "The family has moved to Brebes"


class Line(Part):
    item_code: Code
    unit_price_rupiah: Rupiah


class PoisonedLine(Part):
    item_code: Code
    remarks: str


class DeepLine(Part):
    lines: Annotated[tuple[PoisonedLine, ...], entries(max_length=3)]


class Endless(Part):
    children: Annotated[tuple["Endless", ...], entries(max_length=3)]


FORGED_CODE = Field(json_schema_extra={"x-field-type": "code", "x-field-class": "fact"})
FORGED_CLASS = Field(
    json_schema_extra={"x-field-type": "rupiah", "x-field-class": "identifying"}, ge=0, le=10**15, strict=True
)
BIGGER_RUPIAH = Field(json_schema_extra={"x-field-type": "rupiah", "x-field-class": "fact"}, ge=0, le=10**18)

SOUND: dict[str, tuple[str, Any]] = {
    "id": ("grant_id", Id),
    "qualified id": ("replaces_bast_id", Id),
    "optional id": ("replaces_bast_id", (Id | None, None)),
    "person": ("person_id", PersonId),
    "code": ("package_code", Code),
    "region": ("place_region_code", RegionCode),
    "money": ("monthly_income_rupiah", Rupiah),
    "date": ("scheduled_on", Day),
    "dates": ("visit_dates", Days),
    "decile": ("highest_decile", Decile),
    "number of a document": ("bast_number", DocumentNumber),
    "number as a count": ("visit_number", Count),
    "enumeration": ("reason", Annotated[Reason, coded()]),
    "optional enumeration": ("reason", (Annotated[Reason | None, coded()], None)),
    "list of enumerated values": ("reasons", Annotated[tuple[Annotated[Reason, coded()], ...], codes(max_length=3)]),
    "list of records": ("lines", Annotated[tuple[Line, ...], entries(min_length=1, max_length=3)]),
}

POISONED: dict[str, tuple[str, Any, str, str]] = {
    "free string": ("reason", str, "$.reason", "no field type"),
    "optional free string": ("reason", (str | None, None), "$.reason", "no field type"),
    "bare id": ("grant_id", UUID, "$.grant_id", "no field type"),
    "float": ("share", float, "$.share", "no field type"),
    "timestamp": ("handed_over_on", datetime, "$.handed_over_on", "no field type"),
    "anything": ("details", dict[str, Any], "$.details", "no field type"),
    "free string marked as a code": ("package_code", Annotated[str, FORGED_CODE], "$.package_code", "marked code"),
    "class outside the set": ("price_rupiah", Annotated[int, FORGED_CLASS], "$.price_rupiah", "no field type"),
    "bounds of its own": ("price_rupiah", Annotated[int, BIGGER_RUPIAH], "$.price_rupiah", "marked rupiah"),
    "type outside the set": (
        "weight",
        Annotated[int, Field(json_schema_extra={"x-field-type": "weight", "x-field-class": "fact"})],
        "$.weight",
        "no field type",
    ),
    "enumeration that is none": ("reason", Annotated[str, coded()], "$.reason", "not an enumeration"),
    "enumeration of sentences": ("reason", Annotated[Sentence, coded()], "$.reason", "is not a code"),
    "list of free strings": ("reasons", Annotated[tuple[str, ...], codes(max_length=3)], "$.reasons[]", "not marked"),
    "list without end": (
        "reasons",
        Annotated[tuple[Annotated[Reason, coded()], ...], codes()],
        "$.reasons",
        "greatest length",
    ),
    "records without end": ("lines", Annotated[tuple[Line, ...], entries()], "$.lines", "greatest length"),
    "list of no records": ("lines", Annotated[tuple[int, ...], entries(max_length=3)], "$.lines[]", "not a record"),
    "free string in a record": (
        "lines",
        Annotated[tuple[PoisonedLine, ...], entries(max_length=3)],
        "$.lines[].remarks",
        "no field type",
    ),
    "free string two records deep": (
        "parts",
        Annotated[tuple[DeepLine, ...], entries(max_length=3)],
        "$.parts[].lines[].remarks",
        "named like identifying",
    ),
    "record within itself": ("parts", Annotated[tuple[Endless, ...], entries(max_length=3)], "$", "contains itself"),
    "money without unit": ("price", Rupiah, "$.price", "end in _rupiah"),
    "date without on": ("schedule_date", Day, "$.schedule_date", "end in _on"),
    "dates without unit": ("visits", Days, "$.visits", "end in _dates"),
    "id without id": ("grant", Id, "$.grant", "end in _id"),
    "region under another name": ("village_code", RegionCode, "$.village_code", "end in region_code"),
    "count named as money": ("price_rupiah", Count, "$.price_rupiah", "kept for rupiah"),
    "code named as id": ("package_id", Code, "$.package_id", "kept for"),
    "camel case": ("grantId", Id, "$.grantId", "snake case"),
}

IDENTIFYING = [
    "name",
    "full_name",
    "fullname",
    "nama_code",
    "nik",
    "nik_code",
    "no_kk_code",
    "kk",
    "nokk",
    "phone",
    "phone_code",
    "handphone_code",
    "hp_code",
    "email",
    "address",
    "home_address_code",
    "alamat_code",
    "account",
    "account_code",
    "rekening_code",
    "birth_on",
    "birthday_on",
    "notes",
    "remark_code",
    "photo_id",
    "gps_code",
]


def findings(name: str, kind: Any) -> list[tuple[str, str]]:
    definition = kind if isinstance(kind, tuple) else (kind, ...)
    model = create_model("PoisonedV1", __base__=Fact, **{name: definition})  # type: ignore[call-overload]
    return [(problem.path, problem.reason) for problem in check(model_schema(model))]


@pytest.mark.parametrize("event_type", CATALOGUE)
def test_every_contract_keeps_to_the_closed_set(event_type: str) -> None:
    assert check(model_schema(CATALOGUE[event_type].model)) == []


@pytest.mark.parametrize("case", SOUND)
def test_a_field_of_the_closed_set_is_accepted(case: str) -> None:
    assert findings(*SOUND[case]) == []


@pytest.mark.parametrize("case", POISONED)
def test_a_poisoned_model_is_refused(case: str) -> None:
    name, kind, path, reason = POISONED[case]
    found = findings(name, kind)
    assert any(where == path and reason in why for where, why in found), found


@pytest.mark.parametrize("name", IDENTIFYING)
def test_a_field_named_like_personal_data_is_refused_whatever_its_type(name: str) -> None:
    assert any("identifying data" in why for _, why in findings(name, Code))


def test_a_contract_may_not_refuse_unknown_fields() -> None:
    schema = model_schema(Line) | {"additionalProperties": False}
    assert [problem.path for problem in check(schema)] == ["$"]
