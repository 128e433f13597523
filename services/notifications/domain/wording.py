"""How facts read in Indonesian: dates, lists of dates, rupiah, and codes nobody has named yet."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal

LOCALE: Final = "id_ID"
_MOST_DATES_LISTED: Final = 6


def long_date(day: date) -> str:
    """`Rabu, 22 November 2023`."""
    return format_date(day, "full", locale=LOCALE)


def dates(days: Sequence[date]) -> str:
    """One date in full; a few joined per month; more than six as first to last with their number."""
    ordered = sorted(set(days))
    if len(ordered) == 1:
        return long_date(ordered[0])
    if len(ordered) > _MOST_DATES_LISTED:
        return f"{_day(ordered[0], ordered[-1])} s.d. {_day(ordered[-1])} ({len(ordered)} hari)"
    months = [list(group) for _, group in groupby(ordered, key=lambda day: (day.year, day.month))]
    return " serta ".join(_month(group, ordered[-1]) for group in months)


def rupiah(amount_rupiah: int) -> str:
    """`Rp3.500.000`, without the no-break space that would make a short message UCS-2."""
    return f"Rp{format_decimal(amount_rupiah, locale=LOCALE)}"


def joined(parts: Sequence[str]) -> str:
    """`a, b dan c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} dan {parts[-1]}"


def readable(code: str) -> str:
    """A code as words, for a code that has no term: `mesin-jahit` reads `Mesin Jahit`."""
    return code.replace("-", " ").replace("_", " ").title()


def _day(day: date, last: date | None = None) -> str:
    same_year = last is not None and last.year == day.year
    return format_date(day, "d MMMM" if same_year else "d MMMM y", locale=LOCALE)


def _month(group: list[date], last: date) -> str:
    pattern = "MMMM y" if group[-1] == last or group[-1].year != last.year else "MMMM"
    return f"{joined([str(day.day) for day in group])} {format_date(group[0], pattern, locale=LOCALE)}"
