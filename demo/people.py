"""All people of the scenario, made up by a seeded generator: the same 308 on every machine.

None of them exists. Every NIK and every No. KK begins with 332899: Kabupaten Tegal (33.28) has no kecamatan 99, so the
number can be nobody's, and whoever finds one in a database knows where it came from. Figures that S4 publishes
(courses, classes, 128 + 42 + 128 who received) are kept; everything about a person is illustrative.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from demo import names
from demo.calendar import CLASSES, COOKERY, GOATS, SEWING
from demo.regions import Village, villages

NO_SUCH_KECAMATAN: Final = "332899"
"""Begins every synthetic NIK and No. KK."""

SEED: Final = 20231122
ENROLLED_COUNTS: Final = {COOKERY: 131, SEWING: 43, GOATS: 130}
RESERVE_COUNT: Final = 4
WITHOUT_PHONE_COUNT: Final = 11
GRADUATION_COUNT: Final = 10

DEAD_PHONES: Final = tuple(
    f"089910{number}{ending}"
    for number, ending in enumerate(("99001", "99001", "99001", "99001", "99002", "99002"), start=1)
)
"""Numbers whose last five digits tell the simulated gateway that they are dead: at once, or by the receipt."""
WOMEN_DAY_OFFSET: Final = 40


class Part(StrEnum):
    """What a listed person is in the scenario."""

    COMPLETES = "completes"
    WITHDRAWS = "withdraws"
    FALLS_SHORT = "falls_short"
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up person, alone on a family card. `class_code` is None on the reserve list."""

    nik: str
    family_card: str
    name: str
    woman: bool
    birth_date: date
    village: Village
    address: str
    phone: str | None
    decile: int
    pkh: bool
    sembako: bool
    part: Part
    course_code: str
    class_code: str | None
    graduation: bool = False

    @property
    def reachable(self) -> bool:
        """Whether the phone number works in the simulated network."""
        return self.phone is not None and self.phone not in DEAD_PHONES


_PARTS: Final[dict[tuple[str, int], Part]] = {
    (COOKERY, 7): Part.WITHDRAWS,
    (COOKERY, 52): Part.FALLS_SHORT,
    (COOKERY, 90): Part.FALLS_SHORT,
    (SEWING, 11): Part.WITHDRAWS,
    (GOATS, 23): Part.FALLS_SHORT,
    (GOATS, 77): Part.WITHDRAWS,
}
"""The six who do not complete, by course and place in its list."""

_PHONES: Final[dict[tuple[str, int], str | None]] = {
    **dict.fromkeys([(COOKERY, 3), (COOKERY, 44), (SEWING, 20), (GOATS, 31), (GOATS, 99)], None),
    **dict(
        zip(
            [(COOKERY, 12), (COOKERY, 61), (COOKERY, 118), (SEWING, 33), (GOATS, 58), (GOATS, 120)],
            DEAD_PHONES,
            strict=True,
        )
    ),
}
"""The eleven without a working phone: five have none, six have a number that is dead."""

_GRADUATES: Final = frozenset(
    {(COOKERY, 1), (COOKERY, 32), (COOKERY, 63), (COOKERY, 94), (SEWING, 22)}
    | {(GOATS, 2), (GOATS, 33), (GOATS, 64), (GOATS, 90), (GOATS, 121)}
)
"""The ten whose families do so well that graduation is proposed, two in each kecamatan; both schemes are theirs."""


class _Maker:
    """Draws people one after the other; numbers and full names are never drawn twice."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # the same people on every machine
        self._used_names: set[str] = set()
        self._serial = 0

    def make(self, course: str, index: int, part: Part, class_code: str | None) -> Person:
        draw = self._random
        woman = draw.random() < {COOKERY: 0.9, SEWING: 0.95, GOATS: 0.35}[course]
        birth_date = date(1965, 1, 1) + timedelta(days=draw.randrange(38 * 365))
        self._serial += 1
        village = villages()[index % len(villages())]
        listed = class_code is not None
        graduation = listed and (course, index) in _GRADUATES
        phone = f"0899100{self._serial:05d}"
        return Person(
            nik=nik(birth_date, woman=woman, serial=self._serial),
            family_card=_family_card(draw.randrange(1, 29), draw.randrange(1, 13), self._serial),
            name=self._name(woman),
            woman=woman,
            birth_date=birth_date,
            village=village,
            address=f"RT {draw.randrange(1, 9):03d} RW {draw.randrange(1, 6):03d}",
            phone=_PHONES.get((course, index), phone) if listed else phone,
            decile=draw.choice((1, 1, 1, 2)),
            pkh=graduation or draw.random() < 0.6,
            sembako=graduation or draw.random() < 0.8,
            part=part,
            course_code=course,
            class_code=class_code,
            graduation=graduation,
        )

    def _name(self, woman: bool) -> str:
        first, second = (names.WOMEN, names.WOMENS_SECOND) if woman else (names.MEN, names.MENS_SECOND)
        while True:
            name = f"{self._random.choice(first)} {self._random.choice(second)}"
            if name not in self._used_names:
                self._used_names.add(name)
                return name


def nik(birth_date: date, *, woman: bool, serial: int) -> str:
    """A NIK that is nobody's: kecamatan 332899, birth date as DDMMYY with the day + 40 for women, serial."""
    day = birth_date.day + (WOMEN_DAY_OFFSET if woman else 0)
    return f"{NO_SUCH_KECAMATAN}{day:02d}{birth_date:%m%y}{serial:04d}"


def _family_card(day: int, month: int, serial: int) -> str:
    return f"{NO_SUCH_KECAMATAN}{day:02d}{month:02d}15{serial:04d}"


@cache
def people() -> tuple[Person, ...]:
    """The 308 whom the registry takes: 304 in class order, then the 4 of the reserve list."""
    maker = _Maker(SEED)
    return tuple(_enrolled(maker)) + tuple(
        maker.make(COOKERY, 5 + 6 * index, Part.RESERVE, None) for index in range(RESERVE_COUNT)
    )


def _enrolled(maker: _Maker) -> Iterator[Person]:
    for course, count in ENROLLED_COUNTS.items():
        classes = [planned.code for planned in CLASSES if planned.course_code == course]
        for index in range(count):
            part = _PARTS.get((course, index), Part.COMPLETES)
            yield maker.make(course, index, part, classes[index % len(classes)])


def recipients() -> tuple[Person, ...]:
    """The 298 who complete their course."""
    return tuple(person for person in people() if person.part is Part.COMPLETES)


def reserve() -> tuple[Person, ...]:
    """The reserve list (cadangan), first candidate first."""
    return tuple(person for person in people() if person.part is Part.RESERVE)


def graduates() -> tuple[Person, ...]:
    """The ten whose graduation is proposed after six visits; the owner of the assistance keeps the last one's."""
    return tuple(person for person in people() if person.graduation)
