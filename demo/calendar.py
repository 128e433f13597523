"""The twelve classes of Tegal 2023 on the dates Dinas Sosial published (S4).

S4 gives, per course, the people, the classes, the days of training and the first and last date. We read the days as
days *per class*. Then cookery's 20 class-days on the 11 weekdays from 25 October to 8 November need two classes in
parallel, both sewing classes run in parallel on the 15 weekdays from 26 October to 15 November, and the five one-day
goat classes fill the week of 13 to 18 November, Saturday included. How the days are spread over the classes is our
reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from demo.regions import BALAPULANG_CODE

COOKERY: Final = "tata-boga"
SEWING: Final = "menjahit"
GOATS: Final = "ternak-kambing"
COURSES: Final = (COOKERY, SEWING, GOATS)
COURSE_NAMES: Final = {COOKERY: "Tata boga", SEWING: "Menjahit", GOATS: "Ternak kambing"}

LPK_ELITE: Final = "lpk-elite-slawi"
PUCUK_DAUN: Final = "pucuk-daun-lestari"
PROVIDERS: Final = {COOKERY: LPK_ELITE, SEWING: LPK_ELITE, GOATS: PUCUK_DAUN}

HANDOVER_ON: Final = date(2023, 11, 22)
"""Wednesday: the ceremony at the Pendopo of Kecamatan Balapulang (S4)."""

LARGEST_CLASS_SIZE: Final = 27
"""Places of a class: the smallest number that takes all 304 on S4's number of classes."""


@dataclass(frozen=True, slots=True)
class PlannedClass:
    """One class: its course, its number within the course from 1, its days."""

    course_code: str
    number: int
    days: tuple[date, ...]
    place_region_code: str = BALAPULANG_CODE

    @property
    def code(self) -> str:
        """Name of the class in the scenario, such as `tata-boga-1`."""
        return f"{self.course_code}-{self.number}"

    @property
    def provider_code(self) -> str:
        """Who teaches it."""
        return PROVIDERS[self.course_code]


def _november(*days: int) -> tuple[date, ...]:
    return tuple(date(2023, 11, day) for day in days)


def _october(*days: int) -> tuple[date, ...]:
    return tuple(date(2023, 10, day) for day in days)


def weekdays(first: date, last: date) -> Iterator[date]:
    """Monday to Friday from the first to the last day, both included."""
    day = first
    while day <= last:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


_COOKERY_DAYS: Final = (
    _october(25, 26, 27, 30),
    _october(25, 26, 27, 30),
    (*_october(31), *_november(1, 2, 3)),
    (*_october(31), *_november(1, 2, 6)),
    _november(3, 6, 7, 8),
)
_SEWING_DAYS: Final = tuple(weekdays(date(2023, 10, 26), date(2023, 11, 15)))
_GOAT_DAYS: Final = tuple(_november(day) for day in (13, 14, 15, 16, 18))

CLASSES: Final[tuple[PlannedClass, ...]] = (
    *(PlannedClass(COOKERY, number, days) for number, days in enumerate(_COOKERY_DAYS, start=1)),
    *(PlannedClass(SEWING, number, _SEWING_DAYS) for number in (1, 2)),
    *(PlannedClass(GOATS, number, days) for number, days in enumerate(_GOAT_DAYS, start=1)),
)
