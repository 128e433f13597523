"""Everybody is invited once, to where the report says or near home."""

from collections import Counter

from demo.calendar import GOATS, HANDOVER_ON
from demo.handover import (
    CEREMONY,
    no_show,
    places,
    repeated_place,
    sessions,
    symbolic_recipients,
    wrongly_served,
)
from demo.people import graduates, recipients
from demo.regions import BALAPULANG_CODE


def test_each_of_the_298_is_invited_once() -> None:
    invited = Counter(person.nik for people in sessions().values() for person in people)
    assert invited == Counter(person.nik for person in recipients())


def test_the_ceremony_has_recipients_of_all_five_kecamatan() -> None:
    ceremony = places()[CEREMONY]
    assert (ceremony.held_on, ceremony.region_code, ceremony.symbolic) == (HANDOVER_ON, BALAPULANG_CODE, True)
    assert len(sessions()[CEREMONY]) == 10
    assert len({person.village.kecamatan for person in symbolic_recipients()}) == 5


def test_goats_are_handed_over_in_the_own_village_and_the_rest_in_the_own_kecamatan() -> None:
    for code, people in sessions().items():
        place = places()[code]
        assert people, f"nobody comes to {code}"
        for person in people:
            if not place.symbolic:
                near = person.village.code if person.course_code == GOATS else person.village.kecamatan_code
                assert place.region_code == near


def test_no_session_before_the_ceremony() -> None:
    assert min(place.held_on for place in places().values()) == HANDOVER_ON
    assert repeated_place().held_on > max(place.held_on for place in places().values())


def test_the_special_cases_are_different_people() -> None:
    special = {no_show().nik, wrongly_served().nik}
    assert len(special) == 2
    assert not special & {person.nik for person in graduates()}
