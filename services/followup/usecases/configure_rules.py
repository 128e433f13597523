"""An administrator sets how often a package's families are visited, and when a family counts as empowered."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.commands import Command
from chassis.transaction import Transaction
from services.followup.domain.empowerment import Rule
from services.followup.domain.outcome import AssetState
from services.followup.domain.schedule import VISITS_MAX, Schedule
from services.followup.store.rules import insert_rule, insert_schedule, load_rules
from services.followup.usecases.record_visit import Rupiah


class SetSchedule(Command):
    """For one package code, or `default` for packages without a schedule of their own. Existing plans stay."""

    package_code: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,48}$")]
    visits_count: Annotated[int, Field(strict=True, ge=1, le=VISITS_MAX)]
    interval_months: Annotated[int, Field(strict=True, ge=1, le=12)] = 1


class AddRule(Command):
    """A new version of the rule; it judges visits from `valid_from` on."""

    valid_from: date
    visits_min: Annotated[int, Field(strict=True, ge=1, le=VISITS_MAX)]
    income_visits_count: Annotated[int, Field(strict=True, ge=1, le=VISITS_MAX)]
    income_of_baseline_percent: Annotated[int, Field(strict=True, ge=0, le=10_000)]
    income_min_rupiah: Rupiah
    refused_asset_states: Annotated[frozenset[AssetState], Field(max_length=len(AssetState))]
    answer_days: Annotated[int, Field(strict=True, ge=1, le=365)]


async def set_schedule(tx: Transaction, command: SetSchedule) -> UUID:
    """Add the next version of a package's schedule; returns its id."""
    schedule_id = tx.new_id()
    schedule = Schedule(command.visits_count, command.interval_months)
    await insert_schedule(tx, schedule_id, command.package_code, schedule)
    return schedule_id


async def add_rule(tx: Transaction, command: AddRule) -> UUID:
    """Add the next version of the rule; returns its id."""
    rule_id = tx.new_id()
    version = 1 + max((rule.version for rule in await load_rules(tx)), default=0)
    await insert_rule(tx, rule_id, Rule(version=version, **command.model_dump()))
    return rule_id
