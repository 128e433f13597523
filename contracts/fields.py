"""The closed set of field types a contract may be built from.

Every type carries its class: an *eligibility attribute* decides who may receive what, a *fact* tells
what happened. Identifying data (name, NIK, No. KK, phone, address, account) has no type here, so no
contract can carry it (UU 27/2022: minimum of personal data); neither has free text: reasons are codes.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from pydantic.config import JsonDict


class FieldClass(StrEnum):
    """Why a field may travel: decides nothing but who may receive it, or tells what happened."""

    ELIGIBILITY = "eligibility"
    FACT = "fact"


def _is(kind: str, field_class: FieldClass, **constraints: Any) -> Any:
    marks: JsonDict = {"x-field-type": kind, "x-field-class": field_class.value}
    return Field(json_schema_extra=marks, **constraints)


def _fact(kind: str, **constraints: Any) -> Any:
    return _is(kind, FieldClass.FACT, **constraints)


def _eligibility(kind: str, **constraints: Any) -> Any:
    return _is(kind, FieldClass.ELIGIBILITY, **constraints)


FIELD_TYPE_NAMES = frozenset(
    {"id", "person_id", "family_id", "region", "decile", "list_version", "code", "coded", "agency", "date", "dates"}
    | {"rupiah", "hours", "count", "flag", "document_number", "entries", "codes"}
)
"""The names a schema's `x-field-type` may bear: a field outside this set fails the contract check."""

_CODE = r"^(?:[0-9]{1,9}|[a-z][0-9]{0,9})(?:[a-z_-][0-9]{0,9})*$"
_NUMBER = r"^(?:[0-9]{1,9}|[A-Z][0-9]{0,9})(?:[A-Z./-][0-9]{0,9})*$"
_VERSION = r"^(?:[0-9]{1,9}|[A-Za-z][0-9]{0,9})(?:[A-Za-z.-][0-9]{0,9})*$"
# At most nine digits in a row: a NIK, a No. KK or a mobile number fits into no contract, whatever the field is called.
# [0-9] and not \d, which Pydantic's engine reads as any script's digits and JSON Schema's as ASCII.

Id = Annotated[UUID, _fact("id", description="Id of an aggregate, UUIDv7, opaque to everybody but its owner.")]

PersonId = Annotated[UUID, _fact("person_id", description="The registry's id of a person, never derived from a NIK.")]

FamilyId = Annotated[
    UUID, _eligibility("family_id", description="The registry's id of a family, never derived from a No. KK.")
]

RegionCode = Annotated[
    str,
    _eligibility(
        "region",
        pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$",
        description="Kemendagri code of a province, kab/kota, kecamatan or village: 33, 33.28, 33.28.04, 33.28.04.2018",
    ),
]

Decile = Annotated[
    int, _eligibility("decile", strict=True, ge=1, le=10, description="Welfare decile (desil), 1 the poorest.")
]

ListVersion = Annotated[
    str,
    _eligibility(
        "list_version",
        pattern=_VERSION,
        max_length=32,
        description="Version of a targeting list as its publisher names it, such as 2022-tahap-2.",
    ),
]

Code = Annotated[
    str,
    _fact(
        "code",
        pattern=_CODE,
        max_length=48,
        description="A configured code (course, package, item, place, template), never a sentence.",
    ),
]

AgencyCode = Annotated[
    str,
    _fact(
        "agency", pattern=_CODE, max_length=48, description="The agency that acted, such as dinsos or dinas-koperasi."
    ),
]

_StrictDate = Annotated[date, Field(strict=True)]
# Strict: leniently, Pydantic also takes a Unix timestamp for a date, which the schema refuses.

Day = Annotated[_StrictDate, _fact("date", description="A calendar date in the zone of the region.")]

Days = Annotated[
    tuple[_StrictDate, ...],
    _fact("dates", min_length=1, max_length=366, description="Calendar dates in the zone of the region, in order."),
]

Rupiah = Annotated[
    int,
    _fact(
        "rupiah",
        strict=True,
        ge=0,
        le=10**15,
        description="Whole rupiah, never negative: the direction is in the fact's name.",
    ),
]

Hours = Annotated[
    int, _fact("hours", strict=True, ge=0, le=7 * 24 * 30, description="Whole hours, of a family per week.")
]

Count = Annotated[int, _fact("count", strict=True, ge=0, le=10**9, description="A number of things or people.")]

Flag = Annotated[bool, _fact("flag", strict=True, description="Yes or no.")]

DocumentNumber = Annotated[
    str,
    _fact(
        "document_number",
        pattern=_NUMBER,
        max_length=48,
        description="Number of a decree or a BAST, such as BAST/DINSOS/2023/0001.",
    ),
]


def coded() -> Any:
    """Mark of a field whose values are an enumeration declared in the contract."""
    return _fact("coded")


def codes(**constraints: Any) -> Any:
    """Mark of a list of enumerated values declared in the contract."""
    return _fact("codes", **constraints)


def entries(**constraints: Any) -> Any:
    """Mark of a list of sub-records made of the types above."""
    return _fact("entries", **constraints)


def eligibility_coded() -> Any:
    """Mark of an enumerated eligibility attribute."""
    return _eligibility("coded")
