"""Schedules per package and versions of the rule of empowerment."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select

from chassis.transaction import Transaction
from services.followup.domain.empowerment import Rule
from services.followup.domain.errors import RuleNotInForce
from services.followup.domain.outcome import AssetState
from services.followup.domain.schedule import Schedule
from services.followup.store.tables import empowerment_rule, mentoring_schedule


async def load_schedules(tx: Transaction) -> Mapping[str, Schedule]:
    """The newest schedule of every package code, `default` among them."""
    query = (
        select(mentoring_schedule)
        .distinct(mentoring_schedule.c.package_code)
        .order_by(mentoring_schedule.c.package_code, mentoring_schedule.c.version.desc())
    )
    rows = await tx.fetch_all(query)
    return {row.package_code: Schedule(row.visits_count, row.interval_months) for row in rows}


async def insert_schedule(tx: Transaction, schedule_id: UUID, package_code: str, schedule: Schedule) -> None:
    """Add the next version of a package's schedule; two at once: the unique version lets one through."""
    newest = select(func.coalesce(func.max(mentoring_schedule.c.version), 0))
    version = await tx.scalar(newest.where(mentoring_schedule.c.package_code == package_code))
    await tx.execute(
        insert(mentoring_schedule).values(
            id=schedule_id,
            package_code=package_code,
            version=version + 1,
            visits_count=schedule.visits_count,
            interval_months=schedule.interval_months,
            maker=tx.officer.identity,
        )
    )


async def load_rule(tx: Transaction, on: date) -> Rule:
    """The newest version valid on a date. Raises RuleNotInForce."""
    query = select(empowerment_rule).where(empowerment_rule.c.valid_from <= on)
    row = await tx.fetch_one(query.order_by(empowerment_rule.c.version.desc()).limit(1))
    if row is None:
        raise RuleNotInForce(occurred_on=on.isoformat())
    return _rule(row)


async def load_rules(tx: Transaction) -> list[Rule]:
    """All versions, oldest first."""
    return [_rule(row) for row in await tx.fetch_all(select(empowerment_rule).order_by(empowerment_rule.c.version))]


async def insert_rule(tx: Transaction, rule_id: UUID, rule: Rule) -> None:
    """Add a version."""
    await tx.execute(
        insert(empowerment_rule).values(
            id=rule_id,
            version=rule.version,
            valid_from=rule.valid_from,
            visits_min=rule.visits_min,
            income_visits_count=rule.income_visits_count,
            income_of_baseline_percent=rule.income_of_baseline_percent,
            income_min_rupiah=rule.income_min_rupiah,
            refused_asset_states=sorted(state.value for state in rule.refused_asset_states),
            answer_days=rule.answer_days,
            maker=tx.officer.identity,
        )
    )


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        version=row.version,
        valid_from=row.valid_from,
        visits_min=row.visits_min,
        income_visits_count=row.income_visits_count,
        income_of_baseline_percent=row.income_of_baseline_percent,
        income_min_rupiah=row.income_min_rupiah,
        refused_asset_states=frozenset(AssetState(state) for state in row.refused_asset_states),
        answer_days=row.answer_days,
    )
