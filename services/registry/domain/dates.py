"""Dates of birth and ages."""

import re
from datetime import date

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", re.ASCII)
_EARLIEST_BIRTH_YEAR = 1900


def read_birth_date(text: str, not_after: date) -> date | None:
    """A date written 1990-01-31, 31-01-1990, 31/01/1990 or 31.01.1990, not before 1900 nor after `not_after`."""
    if match := _ISO.fullmatch(text):
        year, month, day = (int(group) for group in match.groups())
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(group) for group in match.groups())
    else:
        return None
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found.year >= _EARLIEST_BIRTH_YEAR and found <= not_after else None


def age_years(birth_date: date, on: date) -> int:
    """Completed years of age on a day."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
