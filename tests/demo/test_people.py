"""The made-up people add up to the figures of S4 and are recognisable as made up."""

from collections import Counter
from datetime import date

import phonenumbers

from demo.calendar import CLASSES, COOKERY, GOATS, LARGEST_CLASS_SIZE, SEWING
from demo.people import (
    DEAD_PHONES,
    NO_SUCH_KECAMATAN,
    WITHOUT_PHONE_COUNT,
    Part,
    graduates,
    nik,
    people,
    recipients,
    reserve,
)
from demo.regions import kecamatan_names, villages
from simulators.magic_numbers import MAGIC_ENDINGS


def _by_course(*parts: Part) -> Counter[str]:
    return Counter(person.course_code for person in people() if person.part in parts)


def test_figures_of_the_report() -> None:
    assert len(people()) == 308
    assert _by_course(Part.COMPLETES) == {COOKERY: 128, SEWING: 42, GOATS: 128}
    assert _by_course(Part.COMPLETES, Part.WITHDRAWS, Part.FALLS_SHORT) == {COOKERY: 131, SEWING: 43, GOATS: 130}
    assert len(recipients()) == 298
    assert len(reserve()) == 4


def test_every_number_names_the_kecamatan_that_does_not_exist_and_is_used_once() -> None:
    niks = [person.nik for person in people()]
    cards = [person.family_card for person in people()]
    for number in (*niks, *cards):
        assert number.startswith(NO_SUCH_KECAMATAN)
        assert len(number) == 16
    assert len(set(niks)) == len(set(cards)) == 308
    assert NO_SUCH_KECAMATAN not in {code.replace(".", "") for code in kecamatan_names()}


def test_nik_holds_the_birth_date_with_forty_added_to_a_womans_day() -> None:
    assert nik(date(1990, 2, 7), woman=False, serial=12) == "3328990702900012"
    assert nik(date(1990, 2, 7), woman=True, serial=12) == "3328994702900012"
    for person in people():
        assert person.nik == nik(person.birth_date, woman=person.woman, serial=int(person.nik[-4:]))


def test_all_are_adults_at_the_first_session() -> None:
    assert max(person.birth_date for person in people()) <= date(2005, 10, 25)


def test_classes_are_filled_evenly_and_within_their_places() -> None:
    sizes = Counter(person.class_code for person in people() if person.class_code)
    assert set(sizes) == {planned.code for planned in CLASSES}
    assert max(sizes.values()) == LARGEST_CLASS_SIZE


def test_every_village_and_kecamatan_has_recipients_of_every_large_course() -> None:
    assert len(villages()) == 25
    assert Counter(village.kecamatan for village in villages()) == dict.fromkeys(kecamatan_names().values(), 5)
    assert {person.village for person in recipients()} == set(villages())
    for course in (COOKERY, GOATS):
        assert len({p.village for p in recipients() if p.course_code == course}) == 25


def test_eleven_recipients_and_nobody_else_have_no_working_phone() -> None:
    unreachable = [person for person in people() if not person.reachable]
    assert len(unreachable) == WITHOUT_PHONE_COUNT
    assert {person.part for person in unreachable} == {Part.COMPLETES}
    assert sum(person.phone is None for person in unreachable) == 5


def test_ten_graduates_hold_assistance_that_can_end() -> None:
    assert len(graduates()) == 10
    assert all(person.part is Part.COMPLETES and person.pkh and person.sembako for person in graduates())
    assert set(Counter(person.village.kecamatan for person in graduates()).values()) == {2}


def test_the_generator_gives_the_same_people_again() -> None:
    first = people()
    people.cache_clear()
    assert people() == first


def test_phones_can_be_numbers_and_only_the_dead_ones_end_like_a_magic_one() -> None:
    phones = [person.phone for person in people() if person.phone]
    assert len(set(phones)) == len(phones)
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone, "ID")) for phone in phones)
    assert {phone for phone in phones if phone[-5:] in MAGIC_ENDINGS} == set(DEAD_PHONES)
