"""The calendar is the one Dinas Sosial published (S4)."""

from collections import Counter
from datetime import date

import pytest

from demo.calendar import CLASSES, COOKERY, GOATS, HANDOVER_ON, SEWING, PlannedClass


def _classes(course: str) -> list[PlannedClass]:
    return [planned for planned in CLASSES if planned.course_code == course]


@pytest.mark.parametrize(
    ("course", "classes", "days", "first", "last"),
    [
        (COOKERY, 5, 4, date(2023, 10, 25), date(2023, 11, 8)),
        (SEWING, 2, 15, date(2023, 10, 26), date(2023, 11, 15)),
        (GOATS, 5, 1, date(2023, 11, 13), date(2023, 11, 18)),
    ],
)
def test_each_course_has_the_classes_days_and_dates_of_the_report(
    course: str, classes: int, days: int, first: date, last: date
) -> None:
    planned = _classes(course)
    held = [day for one in planned for day in one.days]
    assert len(planned) == classes
    assert {len(one.days) for one in planned} == {days}
    assert (min(held), max(held)) == (first, last)


@pytest.mark.parametrize("planned", CLASSES, ids=lambda planned: planned.code)
def test_days_of_a_class_are_in_order_and_differ(planned: PlannedClass) -> None:
    assert list(planned.days) == sorted(set(planned.days))


def test_cookery_never_needs_more_than_two_rooms_and_needs_two() -> None:
    rooms = Counter(day for planned in _classes(COOKERY) for day in planned.days)
    assert max(rooms.values()) == 2


def test_both_sewing_classes_run_in_parallel_on_weekdays() -> None:
    first, second = _classes(SEWING)
    assert first.days == second.days
    assert all(day.weekday() < 5 for day in first.days)


def test_goat_classes_are_on_five_different_days_with_saturday() -> None:
    held = [planned.days[0] for planned in _classes(GOATS)]
    assert len(set(held)) == 5
    assert date(2023, 11, 18).weekday() == 5
    assert date(2023, 11, 18) in held


def test_the_ceremony_is_a_wednesday_after_all_classes() -> None:
    assert HANDOVER_ON.weekday() == 2
    assert max(day for planned in CLASSES for day in planned.days) < HANDOVER_ON
