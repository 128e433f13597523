"""Who was present when: the attendance of the scenario. Illustrative, but adding up to S4's figures."""

from datetime import date
from typing import Final

from demo.calendar import CLASSES, COOKERY, SEWING, PlannedClass
from demo.people import Part, Person, people

_SICK_EVERY: Final = 13
_EXCUSED_EVERY: Final = 9


def marks_on(day: date, provider_code: str) -> dict[str, str]:
    """By NIK, who of a provider's participants was not present on a day and why; everybody else was."""
    held = {
        planned.code: planned for planned in CLASSES if planned.provider_code == provider_code and day in planned.days
    }
    marks: dict[str, str] = {}
    for number, person in enumerate(people()):
        planned = held.get(person.class_code or "")
        if planned and (mark := _mark(person, number, planned, planned.days.index(day))):
            marks[person.nik] = mark
    return marks


def _mark(person: Person, number: int, planned: PlannedClass, session: int) -> str | None:
    if person.part is Part.FALLS_SHORT:
        # Comes to the first session of a longer course, and then no more.
        return "absent" if session or len(planned.days) == 1 else None
    if planned.course_code == COOKERY and number % _SICK_EVERY == 0 and session == 1:
        return "sick"
    if planned.course_code == SEWING and number % _EXCUSED_EVERY == session:
        return "excused"
    return None


def days_of(provider_code: str) -> list[date]:
    """The days on which a provider teaches."""
    return sorted({day for planned in CLASSES if planned.provider_code == provider_code for day in planned.days})
