"""Where and when each of the 298 receives the package. S4 names the ceremony; everything else is illustrative.

Symbolic recipients of all five kecamatan receive on 22 November 2023 in the Pendopo of Balapulang; the other cookery
and sewing packages are handed over at the offices of the kecamatan, goats in the villages where they will live.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from demo.calendar import COOKERY, GOATS, HANDOVER_ON, SEWING
from demo.people import Person, recipients
from demo.regions import BALAPULANG_CODE, Village, kecamatan_names, villages

CEREMONY: Final = "pendopo-balapulang"
REPEATED_ON: Final = date(2023, 12, 1)
"""The session for who could not come."""
_OFFICE_DAYS: Final = (
    date(2023, 11, 23),
    date(2023, 11, 24),
    date(2023, 11, 27),
    date(2023, 11, 28),
    date(2023, 11, 29),
)
_FIRST_VILLAGE_DAY: Final = date(2023, 11, 23)
_VILLAGES_PER_DAY: Final = 5


@dataclass(frozen=True, slots=True)
class Place:
    """One session: its key in the scenario is also the code of its place."""

    code: str
    name: str
    region_code: str
    held_on: date
    witness: str
    symbolic: bool = False


def _ceremony() -> Place:
    name = "Pendopo Kecamatan Balapulang"
    return Place(CEREMONY, name, BALAPULANG_CODE, HANDOVER_ON, "Camat Balapulang", symbolic=True)


def _office(code: str, held_on: date, suffix: str = "") -> Place:
    name = kecamatan_names()[code]
    return Place(f"kantor-kecamatan-{name.lower()}{suffix}", f"Kantor Kecamatan {name}", code, held_on, f"Camat {name}")


def _village_hall(village: Village, number: int) -> Place:
    slug = village.name.lower().replace(" ", "-")
    held_on = _FIRST_VILLAGE_DAY + timedelta(days=number // _VILLAGES_PER_DAY)
    return Place(
        f"balai-desa-{slug}", f"Balai Desa {village.name}", village.code, held_on, f"Kepala Desa {village.name}"
    )


@cache
def places() -> Mapping[str, Place]:
    """All sessions but the repeated one, by their key."""
    offices = [_office(code, day) for code, day in zip(kecamatan_names(), _OFFICE_DAYS, strict=True)]
    halls = [_village_hall(village, number) for number, village in enumerate(villages())]
    return {place.code: place for place in (_ceremony(), *offices, *halls)}


@cache
def sessions() -> Mapping[str, tuple[Person, ...]]:
    """Who is invited where, by the key of the session."""
    invited: dict[str, list[Person]] = {code: [] for code in places()}
    symbolic = symbolic_recipients()
    for person in recipients():
        if person in symbolic:
            invited[CEREMONY].append(person)
        else:
            invited[_place_of(person)].append(person)
    return {code: tuple(found) for code, found in invited.items()}


@cache
def symbolic_recipients() -> frozenset[Person]:
    """Two of each kecamatan: the first who completed cookery and the first who completed sewing."""
    found: dict[tuple[str, str], Person] = {}
    for person in recipients():
        if person.course_code in (COOKERY, SEWING) and person.reachable:
            found.setdefault((person.village.kecamatan_code, person.course_code), person)
    return frozenset(found.values())


@cache
def no_show() -> Person:
    """Invited to an office of a kecamatan, does not come, and comes the next time."""
    return next(person for person in _ordinary() if person.course_code == SEWING)


@cache
def wrongly_served() -> Person:
    """Receives a wrong item at first: the BAST is voided, another one issued."""
    return next(person for person in _ordinary() if person.course_code == COOKERY)


def repeated_place() -> Place:
    """The session for the no-show: the same office, another day."""
    return _office(no_show().village.kecamatan_code, REPEATED_ON, suffix="-ulang")


def _ordinary() -> list[Person]:
    symbolic = symbolic_recipients()
    return [one for one in recipients() if one not in symbolic and one.reachable and not one.graduation]


def _place_of(person: Person) -> str:
    region = person.village.code if person.course_code == GOATS else person.village.kecamatan_code
    return next(code for code, place in places().items() if place.region_code == region and not place.symbolic)
