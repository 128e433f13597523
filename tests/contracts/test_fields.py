"""Model and schema of a field type accept the same, and no identifying number fits into any of them."""

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import TypeAdapter, ValidationError

from contracts import fields

TEXTS = {
    "Code": fields.Code,
    "AgencyCode": fields.AgencyCode,
    "ListVersion": fields.ListVersion,
    "RegionCode": fields.RegionCode,
    "DocumentNumber": fields.DocumentNumber,
}

NIK, NO_KK, PHONE = "3328990101010001", "3328991909230007", "081234567890"

GOOD: list[tuple[Any, Any]] = [
    (fields.Code, "paket-ternak-kambing"),
    (fields.Code, "kompor-gas-2-tungku"),
    (fields.Code, "20231122"),
    (fields.AgencyCode, "dinas-koperasi"),
    (fields.ListVersion, "2022-tahap-2"),
    (fields.RegionCode, "33"),
    (fields.RegionCode, "33.28.04.2018"),
    (fields.DocumentNumber, "BAST/DINSOS/2023/0001"),
    (fields.DocumentNumber, "460/1187/2023"),
    (fields.Day, "2023-11-22"),
    (fields.Days, ["2023-10-25", "2023-10-26"]),
    (fields.Rupiah, 0),
    (fields.Rupiah, 10**15),
    (fields.Decile, 10),
    (fields.Flag, False),
    (fields.Id, "018b3c74-41b0-7601-aea8-7beff3362871"),
]

BAD: list[tuple[Any, Any]] = [
    (fields.Code, ""),
    (fields.Code, "Kambing etawa"),
    (fields.Code, "kambing\n"),
    (fields.Code, "-kambing"),
    (fields.Code, "k" * 49),
    (fields.Code, f"k-{NIK}"),
    (fields.RegionCode, "33.28.4"),
    (fields.RegionCode, "3328042018"),
    (fields.RegionCode, "\u0663\u0663"),
    (fields.DocumentNumber, "bast 1"),
    (fields.DocumentNumber, f"BAST/{NIK}"),
    (fields.Day, "22-11-2023"),
    (fields.Day, "2023-02-30"),
    (fields.Day, "2023-11-22T00:00:00"),
    (fields.Day, 1700611200),
    (fields.Days, []),
    (fields.Days, [1700611200]),
    (fields.Rupiah, -1),
    (fields.Rupiah, 0.5),
    (fields.Rupiah, "3250000"),
    (fields.Rupiah, True),
    (fields.Decile, 0),
    (fields.Decile, 11),
    (fields.Flag, 1),
    (fields.Flag, "true"),
    (fields.Id, "not-an-id"),
    (fields.Id, 7),
]


def model_accepts(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_json(json.dumps(value))
    except ValidationError:
        return False
    return True


def schema_accepts(kind: Any, value: Any) -> bool:
    schema = TypeAdapter(kind).json_schema()
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(value)


@pytest.mark.parametrize(("kind", "value"), GOOD, ids=lambda value: repr(value)[:40])
def test_model_and_schema_accept(kind: Any, value: Any) -> None:
    assert model_accepts(kind, value)
    assert schema_accepts(kind, value)


@pytest.mark.parametrize(("kind", "value"), BAD, ids=lambda value: repr(value)[:40])
def test_model_and_schema_refuse(kind: Any, value: Any) -> None:
    assert not model_accepts(kind, value)
    assert not schema_accepts(kind, value)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("number", [NIK, NO_KK, PHONE, f"+62{PHONE[1:]}"])
def test_no_identifying_number_fits_into_a_text_field(name: str, number: str) -> None:
    assert not model_accepts(TEXTS[name], number)
    assert not schema_accepts(TEXTS[name], number)
