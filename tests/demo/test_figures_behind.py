"""Attendance and outcomes of the scenario lead to the figures it must end with."""

from collections import Counter

from demo.attendance import days_of, marks_on
from demo.calendar import CLASSES, COURSES, PROVIDERS
from demo.outcomes import VISITS_COUNT, baseline_rupiah, outcome
from demo.people import Part, graduates, people, recipients
from demo.programme import BUDGET_RUPIAH, RECIPIENTS, items, packages, price_rupiah, total_rupiah

RULE_PERCENT = 75
INCOME_MIN_RUPIAH = 600_000
BASELINE_PERCENT = 120


def _absences() -> Counter[str]:
    return Counter(
        nik for provider in set(PROVIDERS.values()) for day in days_of(provider) for nik in marks_on(day, provider)
    )


def test_who_completes_was_present_often_enough_and_who_falls_short_was_not() -> None:
    absences = _absences()
    sessions = {planned.code: len(planned.days) for planned in CLASSES}
    for person in people():
        if person.class_code is None or person.part is Part.WITHDRAWS:
            continue
        held = sessions[person.class_code]
        required = -(-RULE_PERCENT * held // 100)
        assert (held - absences[person.nik] >= required) is (person.part is Part.COMPLETES), person.class_code


def test_some_were_sick_or_excused_and_still_complete() -> None:
    marks = {mark for day in days_of("lpk-elite-slawi") for mark in marks_on(day, "lpk-elite-slawi").values()}
    assert marks == {"sick", "excused", "absent"}


def test_exactly_the_ten_graduates_meet_the_rule_of_empowerment() -> None:
    empowered = set()
    for number, person in enumerate(people()):
        last = [outcome(person, number, visit)["monthly_income_rupiah"] for visit in range(1, VISITS_COUNT + 1)][-3:]
        needed = max(INCOME_MIN_RUPIAH, baseline_rupiah(number) * BASELINE_PERCENT / 100)
        if min(last) >= needed:
            empowered.add(person.nik)
    assert empowered == {person.nik for person in graduates()}


def test_the_baseline_is_asked_once() -> None:
    asked = [
        visit for visit in range(1, VISITS_COUNT + 1) if "baseline_income_rupiah" in outcome(people()[0], 0, visit)
    ]
    assert asked == [1]


def test_the_budget_covers_all_and_the_prices_add_up() -> None:
    assert {course: sum(one.course_code == course for one in recipients()) for course in COURSES} == RECIPIENTS
    assert total_rupiah() == sum(package["planned_count"] * package["unit_price_rupiah"] for package in packages())
    enrolled_rupiah = sum(price_rupiah(person.course_code) for person in people() if person.class_code)
    assert total_rupiah() < enrolled_rupiah <= BUDGET_RUPIAH
    for course in COURSES:
        assert price_rupiah(course) == sum(item["quantity"] * item["unit_price_rupiah"] for item in items(course))
