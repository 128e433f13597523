"""What a row of a targeting list can be found to lack: one code per reason, with what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Column(StrEnum):
    """Columns of a list, by the header the officer knows."""

    NIK = "nik"
    FAMILY_CARD = "no_kk"
    NAME = "nama"
    BIRTH_DATE = "tanggal_lahir"
    SEX = "jenis_kelamin"
    MARITAL_STATUS = "status_kawin"
    ADDRESS = "alamat"
    VILLAGE = "kode_desa"
    PHONE = "no_hp"
    EMAIL = "surel"
    DECILE = "desil"
    PKH = "pkh"
    SEMBAKO = "sembako"
    POPULATION_MATCH = "padan_dukcapil"


class Severity(StrEnum):
    """A refusal keeps the row out; a warning lets it in and asks for a look."""

    REFUSAL = "refusal"
    WARNING = "warning"


class FindingCode(StrEnum):
    """Every reason the check knows."""

    NIK_MISSING = "nik_missing"
    NIK_NOT_16_DIGITS = "nik_not_16_digits"
    NUMBER_LOST_ITS_LAST_DIGIT = "number_lost_its_last_digit"
    NIK_BIRTH_PART_IMPOSSIBLE = "nik_birth_part_impossible"
    NIK_TWICE_IN_LIST = "nik_twice_in_list"
    NIK_IN_OTHER_FAMILY = "nik_in_other_family"
    FAMILY_CARD_MISSING = "family_card_missing"
    FAMILY_CARD_NOT_16_DIGITS = "family_card_not_16_digits"
    NAME_EMPTY = "name_empty"
    BIRTH_DATE_MISSING = "birth_date_missing"
    BIRTH_DATE_INVALID = "birth_date_invalid"
    NOT_ADULT = "not_adult"
    VILLAGE_UNKNOWN = "village_unknown"
    VILLAGE_OUTSIDE_REGION = "village_outside_region"
    DECILE_MISSING = "decile_missing"
    DECILE_OUT_OF_RANGE = "decile_out_of_range"
    PHONE_INVALID = "phone_invalid"
    EMAIL_INVALID = "email_invalid"
    NIK_BIRTH_DATE_DIFFERS = "nik_birth_date_differs"
    NIK_SEX_DIFFERS = "nik_sex_differs"
    VALUE_NOT_UNDERSTOOD = "value_not_understood"
    ASSISTANCE_ENDED_SINCE = "assistance_ended_since"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Severity, reason and advice of a code; the sentences are msgids of locale/id.po."""

    severity: Severity
    reason: str
    advice: str


def _refusal(reason: str, advice: str) -> Explanation:
    return Explanation(Severity.REFUSAL, reason, advice)


def _warning(reason: str, advice: str) -> Explanation:
    return Explanation(Severity.WARNING, reason, advice)


_TEXT_CELLS = "Format the column as text in the spreadsheet, fill it in again from the source and upload again"

EXPLANATIONS = {
    FindingCode.NIK_MISSING: _refusal(
        "The NIK is missing", "Fill in the NIK from the KTP-el or the family card; without one, ask Dukcapil first"
    ),
    FindingCode.NIK_NOT_16_DIGITS: _refusal(
        "The NIK does not have exactly 16 digits", "Compare with the KTP-el and write all 16 digits without blanks"
    ),
    FindingCode.NUMBER_LOST_ITS_LAST_DIGIT: _refusal(
        "The spreadsheet took the number for an amount and lost its last digit", _TEXT_CELLS
    ),
    FindingCode.NIK_BIRTH_PART_IMPOSSIBLE: _refusal(
        "Digits 7 to 12 of the NIK are no possible birth date", "Compare with the KTP-el: digits were mistyped"
    ),
    FindingCode.NIK_TWICE_IN_LIST: _refusal(
        "The NIK stands in an earlier row of this list too",
        "Keep the row that is right; if they are two people, compare both with their KTP-el",
    ),
    FindingCode.NIK_IN_OTHER_FAMILY: _refusal(
        "The NIK is registered already, in another family",
        "If the person moved to another family card, propose a correction of the family; otherwise mend the row",
    ),
    FindingCode.FAMILY_CARD_MISSING: _refusal("The No. KK is missing", "Fill in the number of the family card"),
    FindingCode.FAMILY_CARD_NOT_16_DIGITS: _refusal(
        "The No. KK does not have exactly 16 digits", "Compare with the family card and write all 16 digits"
    ),
    FindingCode.NAME_EMPTY: _refusal("The name is empty", "Fill in the name as on the KTP-el"),
    FindingCode.BIRTH_DATE_MISSING: _refusal(
        "The birth date is missing", "Fill in the birth date as on the KTP-el, such as 31-01-1990"
    ),
    FindingCode.BIRTH_DATE_INVALID: _refusal(
        "The birth date is no possible date", "Write day, month and four-digit year, such as 31-01-1990"
    ),
    FindingCode.NOT_ADULT: _refusal(
        "Under 18 and unmarried on the day of the list: cannot be the trainee of a family",
        "Choose an adult member of the same family",
    ),
    FindingCode.VILLAGE_UNKNOWN: _refusal(
        "The village code is missing or unknown", "Use the Kemendagri code of the village, such as 33.28.04.2001"
    ),
    FindingCode.VILLAGE_OUTSIDE_REGION: _refusal(
        "The village lies outside the region you are responsible for",
        "Take the row out, or let an officer of that region import it",
    ),
    FindingCode.DECILE_MISSING: _refusal("The decile is missing", "Take the decile from the targeting list"),
    FindingCode.DECILE_OUT_OF_RANGE: _refusal(
        "The decile is not a whole number from 1 to 10", "Take the decile from the targeting list"
    ),
    FindingCode.PHONE_INVALID: _warning(
        "The phone number cannot be reached as written; the person is registered without one",
        "Ask for a working number and propose a correction; until then the invitation goes by e-mail or printed list",
    ),
    FindingCode.EMAIL_INVALID: _warning(
        "The e-mail address is not written as one; the person is registered without it",
        "Withdraw the list, mend the address and upload again; once registered, only the phone can be corrected",
    ),
    FindingCode.NIK_BIRTH_DATE_DIFFERS: _warning(
        "The birth date differs from digits 7 to 12 of the NIK",
        "Compare with the KTP-el; a birth date corrected by Dukcapil is a good reason and needs nothing",
    ),
    FindingCode.NIK_SEX_DIFFERS: _warning(
        "The sex differs from what the NIK says", "Compare with the KTP-el and correct the list if it is wrong"
    ),
    FindingCode.VALUE_NOT_UNDERSTOOD: _warning(
        "The value is none of those the column knows and was left out", "See the list of columns in the manual"
    ),
    FindingCode.ASSISTANCE_ENDED_SINCE: _warning(
        "The assistance of this family ended after the date of the list; the person is registered without it",
        "If the family was taken in again, let the owner of the assistance enter it",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason in one field of one row; never the value itself."""

    row_number: int
    column: Column
    code: FindingCode
    other_row_number: int | None = None

    @property
    def severity(self) -> Severity:
        """Whether it keeps the row out."""
        return EXPLANATIONS[self.code].severity
