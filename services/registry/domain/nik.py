"""What a NIK and a No. KK look like, and what a NIK says of its bearer.

NIK, 16 digits: province 2, kab/kota 2, kecamatan 2, birth date DDMMYY (women: day + 40), serial 4.
The prefix is the place of *first registration* and stays for life, so it is never compared with the address;
the birth part stays too when a birth date is corrected, so a difference is only worth a warning.
"""

import re
from dataclasses import dataclass
from datetime import date

_SIXTEEN_DIGITS = re.compile(r"[0-9]{16}", re.ASCII)
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+?[0-9]{2}", re.ASCII | re.IGNORECASE)
_WOMEN_DAY_OFFSET = 40


def is_sixteen_digits(text: str) -> bool:
    """Whether the text has the form of a NIK or a No. KK."""
    return _SIXTEEN_DIGITS.fullmatch(text) is not None


def is_spreadsheet_number(text: str) -> bool:
    """Whether a spreadsheet took the sixteen digits for a number (3,32899E+15): its last digit is lost then."""
    return _SCIENTIFIC.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class BirthPart:
    """Day, month and two-digit year a NIK was issued for, and the sex it was issued with."""

    day: int
    month: int
    year_of_century: int
    female: bool

    def fits(self, birth_date: date) -> bool:
        """Whether the birth date agrees; the NIK does not know the century."""
        return (self.day, self.month, self.year_of_century) == (
            birth_date.day,
            birth_date.month,
            birth_date.year % 100,
        )


def birth_part(nik: str) -> BirthPart | None:
    """The birth part of a NIK, or None where no calendar has such a day.

    The century is unknown, so 29 February counts as possible when 19YY or 20YY is a leap year.
    """
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    female = day > _WOMEN_DAY_OFFSET
    part = BirthPart(day - _WOMEN_DAY_OFFSET if female else day, month, year, female)
    if _is_day(1900 + year, part.month, part.day) or _is_day(2000 + year, part.month, part.day):
        return part
    return None


def masked(sixteen_digits: str) -> str:
    """The last four digits only: enough to tell two people apart in front of one."""
    return "*" * 12 + sixteen_digits[-4:]


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
