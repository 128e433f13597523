"""When visits fall due."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from services.followup.domain.errors import ScheduleOutOfRange

DEFAULT_PACKAGE = "default"
"""The reserved package code whose schedule holds for packages without one of their own."""

VISITS_MAX = 60

OVERDUE_AFTER_DAYS = 7
"""A visit not recorded a week after its day is overdue (illustrative: no source names a limit)."""


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or the last day of that month when it has no such day."""
    month_index = day.year * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many visits a package asks for and how many months lie between them."""

    visits_count: int
    interval_months: int

    def due_on(self, handed_over_on: date, visit_number: int) -> date:
        """Day of a visit, always counted from the handover: 31 Jan gives 28 Feb, 31 Mar, 30 Apr, never drifting."""
        return add_months(handed_over_on, self.interval_months * visit_number)

    def extended(self, further_visits: int) -> "Schedule":
        """The schedule with more visits. Raises ScheduleOutOfRange."""
        if self.visits_count + further_visits > VISITS_MAX:
            raise ScheduleOutOfRange(visits_count=self.visits_count + further_visits)
        return Schedule(self.visits_count + further_visits, self.interval_months)
