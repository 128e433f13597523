"""Rules of a row: every reason to refuse or to warn, and what must never be one."""

from collections.abc import Mapping
from datetime import date

import pytest

from services.registry.domain import email_address
from services.registry.domain.findings import EXPLANATIONS, Column, FindingCode, Severity
from services.registry.domain.list_row import CheckContext, CheckedRow, RawRow, check_rows
from services.registry.domain.membership import Scheme
from tests.registry.builders import LIST_DATED_ON, cells, nik

CONTEXT = CheckContext(frozenset({"33.28.04.2001", "33.29.01.2001"}), "33.28", LIST_DATED_ON)


def raw(number: int, values: Mapping[str, str]) -> RawRow:
    return RawRow(number, {Column(name): value for name, value in values.items() if value})


def checked(**changes: str) -> CheckedRow:
    return check_rows([raw(2, cells(1, **changes))], CONTEXT)[0]


REFUSED = [
    ({"nik": ""}, FindingCode.NIK_MISSING, Column.NIK),
    ({"nik": "33289971019000"}, FindingCode.NIK_NOT_16_DIGITS, Column.NIK),
    ({"nik": "3328997101900O01"}, FindingCode.NIK_NOT_16_DIGITS, Column.NIK),
    ({"nik": "٣٣٢٨٩٩٧١٠١٩٠٠٠٠١"}, FindingCode.NIK_NOT_16_DIGITS, Column.NIK),
    ({"nik": "3,32899E+15"}, FindingCode.NUMBER_LOST_ITS_LAST_DIGIT, Column.NIK),
    ({"nik": "3328993502900001"}, FindingCode.NIK_BIRTH_PART_IMPOSSIBLE, Column.NIK),
    ({"nik": "3328997113900001"}, FindingCode.NIK_BIRTH_PART_IMPOSSIBLE, Column.NIK),
    ({"nik": "3328992902010001"}, FindingCode.NIK_BIRTH_PART_IMPOSSIBLE, Column.NIK),
    ({"no_kk": ""}, FindingCode.FAMILY_CARD_MISSING, Column.FAMILY_CARD),
    ({"no_kk": "12345"}, FindingCode.FAMILY_CARD_NOT_16_DIGITS, Column.FAMILY_CARD),
    ({"no_kk": "3.32899E+15"}, FindingCode.NUMBER_LOST_ITS_LAST_DIGIT, Column.FAMILY_CARD),
    ({"nama": ""}, FindingCode.NAME_EMPTY, Column.NAME),
    ({"tanggal_lahir": ""}, FindingCode.BIRTH_DATE_MISSING, Column.BIRTH_DATE),
    ({"tanggal_lahir": "31-02-1990"}, FindingCode.BIRTH_DATE_INVALID, Column.BIRTH_DATE),
    ({"tanggal_lahir": "2030-01-01"}, FindingCode.BIRTH_DATE_INVALID, Column.BIRTH_DATE),
    ({"tanggal_lahir": "31/01/90"}, FindingCode.BIRTH_DATE_INVALID, Column.BIRTH_DATE),
    (
        {"nik": nik(1, date(2006, 1, 31)), "tanggal_lahir": "2006-01-31", "status_kawin": "Belum kawin"},
        FindingCode.NOT_ADULT,
        Column.BIRTH_DATE,
    ),
    ({"kode_desa": ""}, FindingCode.VILLAGE_UNKNOWN, Column.VILLAGE),
    ({"kode_desa": "33.28.04"}, FindingCode.VILLAGE_UNKNOWN, Column.VILLAGE),
    ({"kode_desa": "33.29.01.2001"}, FindingCode.VILLAGE_OUTSIDE_REGION, Column.VILLAGE),
    ({"desil": ""}, FindingCode.DECILE_MISSING, Column.DECILE),
    ({"desil": "0"}, FindingCode.DECILE_OUT_OF_RANGE, Column.DECILE),
    ({"desil": "11"}, FindingCode.DECILE_OUT_OF_RANGE, Column.DECILE),
    ({"desil": "1,5"}, FindingCode.DECILE_OUT_OF_RANGE, Column.DECILE),
]


@pytest.mark.parametrize(("changes", "code", "column"), REFUSED)
def test_a_row_is_refused_for_exactly_its_reason(changes: dict[str, str], code: FindingCode, column: Column) -> None:
    row = checked(**changes)
    assert row.candidate is None
    assert [(finding.code, finding.column, finding.row_number) for finding in row.findings] == [(code, column, 2)]


WARNED = [
    ({"no_hp": "12"}, FindingCode.PHONE_INVALID),
    ({"surel": "siti"}, FindingCode.EMAIL_INVALID),
    ({"no_hp": "", "surel": "siti@localhost"}, FindingCode.EMAIL_INVALID),
    ({"tanggal_lahir": "1991-01-31"}, FindingCode.NIK_BIRTH_DATE_DIFFERS),
    ({"jenis_kelamin": "L"}, FindingCode.NIK_SEX_DIFFERS),
    ({"jenis_kelamin": "x"}, FindingCode.VALUE_NOT_UNDERSTOOD),
    ({"pkh": "mungkin"}, FindingCode.VALUE_NOT_UNDERSTOOD),
]


@pytest.mark.parametrize(("changes", "code"), WARNED)
def test_a_row_with_a_warning_is_let_in(changes: dict[str, str], code: FindingCode) -> None:
    row = checked(**changes)
    assert row.candidate is not None
    assert [finding.code for finding in row.findings] == [code]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"nik": "1271017101900001"},
        {"kode_desa": "3328042001"},
        {"tanggal_lahir": "31/01/1990"},
        {"tanggal_lahir": "31.01.1990"},
        {"no_hp": ""},
        {"no_hp": "+62 812-0000-0001"},
        {"surel": "-"},
        {"surel": "siti@example.org"},
        {"nik": nik(1, date(2006, 1, 31)), "tanggal_lahir": "2006-01-31", "status_kawin": "Kawin"},
        {"nik": nik(1, date(2005, 9, 1)), "tanggal_lahir": "2005-09-01", "status_kawin": "Belum kawin"},
        {"nik": "3328996902000001", "tanggal_lahir": "2000-02-29"},
    ],
)
def test_a_row_is_let_in_without_a_word(changes: dict[str, str]) -> None:
    """Among them: a NIK first registered elsewhere, a married minor, the eighteenth birthday, a leap day."""
    row = checked(**changes)
    assert row.findings == ()
    assert row.candidate is not None
    assert row.candidate.village_code == "33.28.04.2001"


@pytest.mark.parametrize(
    "text", ["a@example.org", "siti.aminah+pkh@dinsos.tegalkab.example.id", "a" * 64 + "@example.org"]
)
def test_a_plain_address_is_kept_as_written(text: str) -> None:
    assert email_address.checked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "siti", "@example.org", "siti@", "siti@example", "siti@@example.org", "siti aminah@example.org",
        ".siti@example.org", "siti.@example.org", "si..ti@example.org", "siti@-example.org", "siti@example-.org",
        "siti@.org", "siti@example..org", "siti@example.org.", "siti@192.0.2.1", "siti@[192.0.2.1]",
        '"siti"@example.org', "Siti <siti@example.org>", "siti@example.org,tono@example.org", "sití@example.org",
        "siti@example.org\n", "siti@example.org\r\nBcc: tono@example.org", "a" * 65 + "@example.org",
        "siti@" + "a" * 64 + ".org", "siti@" + "a." * 125 + "org",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_not_kept(text: str) -> None:
    """Among them: two addresses, a header in disguise, a bare host, a label and a whole too long."""
    assert email_address.checked(text) is None


def test_all_reasons_of_a_row_are_told_at_once() -> None:
    row = checked(nik="", nama="", desil="99")
    assert {finding.code for finding in row.findings} == {
        FindingCode.NIK_MISSING,
        FindingCode.NAME_EMPTY,
        FindingCode.DECILE_OUT_OF_RANGE,
    }


def test_the_second_row_with_a_nik_is_refused_and_names_the_first() -> None:
    first, second = check_rows([raw(2, cells(1)), raw(3, cells(2, nik=nik(1)))], CONTEXT)
    assert first.candidate is not None
    assert second.candidate is None
    assert [(finding.code, finding.other_row_number) for finding in second.findings] == [
        (FindingCode.NIK_TWICE_IN_LIST, 2)
    ]


def test_what_a_candidate_carries() -> None:
    candidate = checked(
        nama="  Siti   Aminah ", sembako="Y", no_hp="0812 3456 7890", surel="Siti.A@example.org"
    ).candidate
    assert candidate is not None
    assert candidate.name == "Siti Aminah"
    assert candidate.phone == "+6281234567890"
    assert candidate.email == "Siti.A@example.org"
    assert candidate.schemes == (Scheme.PKH, Scheme.SEMBAKO)
    assert candidate.female is True


def test_every_reason_is_explained_with_advice() -> None:
    assert set(EXPLANATIONS) == set(FindingCode)
    assert all(explanation.reason and explanation.advice for explanation in EXPLANATIONS.values())
    refusals = [code for code, known in EXPLANATIONS.items() if known.severity is Severity.REFUSAL]
    assert len(refusals) >= 12
