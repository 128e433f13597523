"""When an act happened, as against when it was recorded."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Occasion:
    """The regional date of an act, and why it was recorded late, if it was."""

    occurred_on: date
    late_entry_reason: str | None = None
