"""What a visit measures."""

from dataclasses import dataclass
from enum import StrEnum


class AssetState(StrEnum):
    """State of the handed-over asset as the mentor saw it."""

    GROWN = "grown"
    KEPT = "kept"
    DAMAGED = "damaged"
    LOST = "lost"
    SOLD = "sold"


class VisitField(StrEnum):
    """A field of a visit that a correction may change; `baseline_income` stays inside this service."""

    OCCURRED_ON = "occurred_on"
    TURNOVER = "turnover"
    INCOME = "income"
    WORKING_HOURS = "working_hours"
    ASSET_STATE = "asset_state"
    BASELINE_INCOME = "baseline_income"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Money in whole rupiah per month, hours of the whole family per week (aims of S4: income, running a business)."""

    monthly_turnover_rupiah: int
    monthly_income_rupiah: int
    family_working_hours: int
    asset_state: AssetState
