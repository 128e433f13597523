"""When and by whom an act was done, as facts carry it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Act:
    """Regional date of the act, the reason when it is entered late, and the agency that acted."""

    occurred_on: date
    late_entry_reason: str | None
    agency: str
