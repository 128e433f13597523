"""Schedules and rules as they are configured."""

from datetime import date

from pydantic import BaseModel

from chassis.transaction import Transaction
from services.followup.domain.outcome import AssetState
from services.followup.store.rules import load_rules, load_schedules


class ScheduleView(BaseModel):
    """The newest schedule of a package."""

    package_code: str
    visits_count: int
    interval_months: int


class RuleView(BaseModel):
    """A version of the rule of empowerment."""

    version: int
    valid_from: date
    visits_min: int
    income_visits_count: int
    income_of_baseline_percent: int
    income_min_rupiah: int
    refused_asset_states: list[AssetState]
    answer_days: int


async def list_schedules(tx: Transaction) -> list[ScheduleView]:
    """By package code."""
    return [
        ScheduleView(package_code=code, visits_count=schedule.visits_count, interval_months=schedule.interval_months)
        for code, schedule in (await load_schedules(tx)).items()
    ]


async def list_rules(tx: Transaction) -> list[RuleView]:
    """Oldest first; the newest version valid on the day of a family's last visit judges it."""
    return [
        RuleView(
            version=rule.version,
            valid_from=rule.valid_from,
            visits_min=rule.visits_min,
            income_visits_count=rule.income_visits_count,
            income_of_baseline_percent=rule.income_of_baseline_percent,
            income_min_rupiah=rule.income_min_rupiah,
            refused_asset_states=sorted(rule.refused_asset_states),
            answer_days=rule.answer_days,
        )
        for rule in await load_rules(tx)
    ]
