"""The check of one row of a targeting list, and of the rows against each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from services.registry.domain import dates, email_address, naming, nik, phone
from services.registry.domain.findings import Column, Finding, FindingCode, Severity
from services.registry.domain.membership import Scheme
from services.registry.domain.person import PopulationMatch
from services.registry.domain.region import lies_within

ADULT_AGE_YEARS = 18
"""Under 18 is a child (UU 35/2014, article 1); who married earlier with dispensation (UU 16/2019) counts as adult."""

SCHEME_COLUMNS = {Scheme.PKH: Column.PKH, Scheme.SEMBAKO: Column.SEMBAKO}
"""Where a list tells which assistance a family holds."""

_HIGHEST_DECILE = 10
Value = TypeVar("Value")
_FEMALE = {"p": True, "perempuan": True, "wanita": True, "l": False, "laki-laki": False, "pria": False}
_MARRIED = {
    "belum kawin": False,
    "b": False,
    "belum": False,
    "kawin": True,
    "k": True,
    "cerai hidup": True,
    "cerai mati": True,
}
_YES = {"ya": True, "y": True, "1": True, "tidak": False, "t": False, "0": False, "-": False}
_MATCH = {
    "sesuai": PopulationMatch.MATCHED,
    "padan": PopulationMatch.MATCHED,
    "tidak sesuai": PopulationMatch.NOT_MATCHED,
    "tidak padan": PopulationMatch.NOT_MATCHED,
    "belum": PopulationMatch.NOT_CHECKED,
    "belum dicek": PopulationMatch.NOT_CHECKED,
}


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as uploaded: the spreadsheet's row number and the cells of known columns."""

    number: int
    cells: Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that may be registered. Identifying throughout: never logged, never published."""

    row_number: int
    nik: str
    family_card: str
    name: str
    birth_date: date
    female: bool | None
    married: bool | None
    address: str
    village_code: str
    phone: str | None
    email: str | None
    decile: int
    schemes: tuple[Scheme, ...]
    population_match: PopulationMatch


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a row is checked against: those of its villages that are known, the officer's scope, the list's date."""

    villages: frozenset[str]
    scope: str
    """Region code the importing officer is responsible for; empty means everywhere."""
    list_dated_on: date


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row with all that was found; `candidate` only where no finding keeps it out."""

    row: RawRow
    findings: tuple[Finding, ...]
    candidate: Candidate | None


def check_rows(rows: Iterable[RawRow], context: CheckContext) -> list[CheckedRow]:
    """Check every row by itself and for a NIK that stood in an earlier row of the same list."""
    first_rows: dict[str, int] = {}
    checked = []
    for row in rows:
        number = row.cells.get(Column.NIK, "")
        earlier = first_rows.setdefault(number, row.number) if nik.is_sixteen_digits(number) else row.number
        checked.append(check_row(row, context, None if earlier == row.number else earlier))
    return checked


def check_row(row: RawRow, context: CheckContext, earlier_row_number: int | None = None) -> CheckedRow:
    """Check one row; collects every finding, so that the officer mends a row once."""
    check = _RowCheck(row)
    number = check.nik(earlier_row_number)
    family_card = check.family_card()
    name = naming.tidy(row.cells.get(Column.NAME, ""))
    if not name:
        check.found(Column.NAME, FindingCode.NAME_EMPTY)
    birth_date = check.birth_date(context.list_dated_on)
    female = check.choice(Column.SEX, _FEMALE, None)
    married = check.choice(Column.MARITAL_STATUS, _MARRIED, None)
    check.adult(birth_date, married, context.list_dated_on)
    check.agreement(number, birth_date, female)
    village_code = check.village(context)
    decile = check.decile()
    schemes = check.schemes()
    match = check.choice(Column.POPULATION_MATCH, _MATCH, PopulationMatch.NOT_CHECKED)
    phone_number = check.phone()
    email = check.email()
    if check.refused or birth_date is None:
        return CheckedRow(row, tuple(check.findings), None)
    address = naming.tidy(row.cells.get(Column.ADDRESS, ""))
    candidate = Candidate(
        row.number, number, family_card, name, birth_date, female, married, address, village_code, phone_number,
        email, decile, schemes, match,
    )  # fmt: skip
    return CheckedRow(row, tuple(check.findings), candidate)


class _RowCheck:
    def __init__(self, row: RawRow) -> None:
        self._row = row
        self.findings: list[Finding] = []

    def found(self, column: Column, code: FindingCode, other_row_number: int | None = None) -> None:
        self.findings.append(Finding(self._row.number, column, code, other_row_number))

    @property
    def refused(self) -> bool:
        return any(finding.severity is Severity.REFUSAL for finding in self.findings)

    def _cell(self, column: Column) -> str:
        return self._row.cells.get(column, "")

    def nik(self, earlier_row_number: int | None) -> str:
        text = self._cell(Column.NIK)
        if not text:
            self.found(Column.NIK, FindingCode.NIK_MISSING)
        elif nik.is_spreadsheet_number(text):
            self.found(Column.NIK, FindingCode.NUMBER_LOST_ITS_LAST_DIGIT)
        elif not nik.is_sixteen_digits(text):
            self.found(Column.NIK, FindingCode.NIK_NOT_16_DIGITS)
        elif nik.birth_part(text) is None:
            self.found(Column.NIK, FindingCode.NIK_BIRTH_PART_IMPOSSIBLE)
        elif earlier_row_number is not None:
            self.found(Column.NIK, FindingCode.NIK_TWICE_IN_LIST, earlier_row_number)
        return text

    def family_card(self) -> str:
        text = self._cell(Column.FAMILY_CARD)
        if not text:
            self.found(Column.FAMILY_CARD, FindingCode.FAMILY_CARD_MISSING)
        elif nik.is_spreadsheet_number(text):
            self.found(Column.FAMILY_CARD, FindingCode.NUMBER_LOST_ITS_LAST_DIGIT)
        elif not nik.is_sixteen_digits(text):
            self.found(Column.FAMILY_CARD, FindingCode.FAMILY_CARD_NOT_16_DIGITS)
        return text

    def birth_date(self, not_after: date) -> date | None:
        text = self._cell(Column.BIRTH_DATE)
        if not text:
            self.found(Column.BIRTH_DATE, FindingCode.BIRTH_DATE_MISSING)
            return None
        found = dates.read_birth_date(text, not_after)
        if found is None:
            self.found(Column.BIRTH_DATE, FindingCode.BIRTH_DATE_INVALID)
        return found

    def adult(self, birth_date: date | None, married: bool | None, on: date) -> None:
        if birth_date is not None and not married and dates.age_years(birth_date, on) < ADULT_AGE_YEARS:
            self.found(Column.BIRTH_DATE, FindingCode.NOT_ADULT)

    def agreement(self, number: str, birth_date: date | None, female: bool | None) -> None:
        """Warn where the NIK says otherwise; silent where the NIK itself was found wanting."""
        part = nik.birth_part(number) if nik.is_sixteen_digits(number) else None
        if part is None:
            return
        if birth_date is not None and not part.fits(birth_date):
            self.found(Column.BIRTH_DATE, FindingCode.NIK_BIRTH_DATE_DIFFERS)
        if female is not None and female != part.female:
            self.found(Column.SEX, FindingCode.NIK_SEX_DIFFERS)

    def village(self, context: CheckContext) -> str:
        code = village_code(self._cell(Column.VILLAGE))
        if code not in context.villages:
            self.found(Column.VILLAGE, FindingCode.VILLAGE_UNKNOWN)
        elif not lies_within(context.scope, code):
            self.found(Column.VILLAGE, FindingCode.VILLAGE_OUTSIDE_REGION)
        return code

    def decile(self) -> int:
        text = self._cell(Column.DECILE)
        if not text:
            self.found(Column.DECILE, FindingCode.DECILE_MISSING)
        elif text.isascii() and text.isdigit() and 1 <= int(text) <= _HIGHEST_DECILE:
            return int(text)
        else:
            self.found(Column.DECILE, FindingCode.DECILE_OUT_OF_RANGE)
        return 0

    def phone(self) -> str | None:
        text = self._cell(Column.PHONE)
        if text in {"", "-"}:
            return None
        number = phone.normalise(text)
        if number is None:
            self.found(Column.PHONE, FindingCode.PHONE_INVALID)
        return number

    def email(self) -> str | None:
        text = self._cell(Column.EMAIL)
        if text in {"", "-"}:
            return None
        address = email_address.checked(text)
        if address is None:
            self.found(Column.EMAIL, FindingCode.EMAIL_INVALID)
        return address

    def schemes(self) -> tuple[Scheme, ...]:
        return tuple(scheme for scheme, column in SCHEME_COLUMNS.items() if self.choice(column, _YES, False))

    def choice(self, column: Column, values: Mapping[str, Value], otherwise: Value) -> Value:
        """The meaning of a cell; a text that means nothing is left out with a warning."""
        text = self._cell(column).lower()
        if text and text not in values:
            self.found(column, FindingCode.VALUE_NOT_UNDERSTOOD)
        return values.get(text, otherwise)


def villages_named(rows: Iterable[RawRow]) -> frozenset[str]:
    """The codes that the rows give as villages."""
    return frozenset(village_code(row.cells.get(Column.VILLAGE, "")) for row in rows)


def village_code(text: str) -> str:
    """The dotted Kemendagri form of a village code, also when it was written as ten digits."""
    if len(text) == 10 and text.isdigit():
        return f"{text[:2]}.{text[2:4]}.{text[4:6]}.{text[6:]}"
    return text
