"""What mentors find at the visits. Illustrative throughout; only the ten who graduate meet the rule of empowerment."""

from typing import Any, Final

from demo.calendar import GOATS
from demo.people import Person

VISITS_COUNT: Final = 6
"""Visits that the first schedule of follow-up plans: one a month."""

_MOST_ORDINARY_RUPIAH: Final = 580_000
"""Below the 600,000 a month that follow-up's first rule asks for."""


def baseline_rupiah(number: int) -> int:
    """Monthly income before the aid, of the person at this place of the list."""
    return 380_000 + (number * 37 % 12) * 10_000


def outcome(person: Person, number: int, visit: int) -> dict[str, Any]:
    """The figures of one visit, 1 to 6."""
    before = baseline_rupiah(number)
    income = before + (60_000 if person.graduation else 12_000) * visit
    if person.graduation:
        income = max(income, 640_000 + 15_000 * visit)
    else:
        income = min(income, _MOST_ORDINARY_RUPIAH)
    return {
        "monthly_turnover_rupiah": income * 5 // 2,
        "monthly_income_rupiah": income,
        "family_working_hours": 20 + (number + visit) % 15,
        "asset_state": "grown" if person.graduation and person.course_code == GOATS and visit > 3 else "kept",
        **({"baseline_income_rupiah": before} if visit == 1 else {}),
    }
