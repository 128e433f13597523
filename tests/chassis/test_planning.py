"""How statements are planned: once where they come again and again, as PostgreSQL likes everywhere else."""

import pytest
from sqlalchemy import text

from chassis.transaction import Transaction
from tests.support.service import ServiceUnderTest

_SETTINGS = text("SELECT current_setting('plan_cache_mode') AS mode, current_setting('enable_seqscan') AS scans")
ONCE = ("force_generic_plan", "off")
AS_IT_COMES = ("auto", "on")


async def _planning(tx: Transaction) -> tuple[str, str]:
    row = await tx.fetch_one(_SETTINGS)
    assert row is not None
    return row.mode, row.scans


@pytest.mark.parametrize("planned_once", [True, False])
async def test_one_transaction_leaves_the_next_as_it_is(sample: ServiceUnderTest, planned_once: bool) -> None:
    database = sample.service.database
    async with database.transaction(planned_once=planned_once) as tx:
        assert await _planning(tx) == (ONCE if planned_once else AS_IT_COMES)
    async with database.transaction(planned_once=not planned_once) as tx:
        assert await _planning(tx) == (AS_IT_COMES if planned_once else ONCE)


async def test_what_arrives_takes_effect_by_plans_made_once(sample: ServiceUnderTest) -> None:
    async with sample.processor().transaction() as tx:
        assert await _planning(tx) == ONCE
