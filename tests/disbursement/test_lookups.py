"""To look somebody up costs the same however many others there are, whatever PostgreSQL believes of its tables."""

from typing import Final

import pytest
from sqlalchemy import text

from chassis.ids import new_id
from chassis.transaction import Transaction
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.projections import alike, load_cases
from tests.disbursement.world import World

OTHERS_COUNT: Final = 500
ASKED_COUNT: Final = 5
BY_THE_INDEX: Final = 20 * ASKED_COUNT
"""Rows of person, enrolment, package, grant and other aid, with their family's; far below `OTHERS_COUNT`."""
EACH_TABLE_ONCE: Final = 5 * OTHERS_COUNT
"""What PostgreSQL may choose of itself for so small tables, but not once for each who is asked for."""

_FILL = text("""
WITH somebody AS (SELECT uuidv7() AS person_id, uuidv7() AS family_id FROM generate_series(1, :count)),
people AS (
    INSERT INTO person (person_id, family_id, region_code, decile, list_source, list_version, list_dated_on, status,
        sequence, recorded_at)
    SELECT person_id, family_id, '33.28.04.2018', 1, 'p3ke', '2022', '2022-12-01', 'active', 1, now() FROM somebody),
enrolled AS (
    INSERT INTO enrolment (enrolment_id, person_id, programme_id, course_code, state, sequence, recorded_at)
    SELECT uuidv7(), person_id, :programme_id, course_code, 'completed', 1, now()
    FROM somebody CROSS JOIN (SELECT course_code FROM package WHERE programme_id = :programme_id LIMIT 1) AS course)
INSERT INTO aid_grant (id, programme_id, person_id, family_id, package_code, amount_rupiah, agency, region_code, state,
    from_reserve_list, version, acted_on, changed_at)
SELECT uuidv7(), :programme_id, person_id, family_id, code, 1, 'dinsos', '33.28', 'proposed', false, 1, '2023-10-01',
    now()
FROM somebody CROSS JOIN (SELECT code FROM package WHERE programme_id = :programme_id LIMIT 1) AS package
RETURNING id, person_id, package_code
""")
_ROWS_READ = text("SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int FROM pg_stat_xact_user_tables")


async def _rows_read(tx: Transaction) -> int:
    return int(await tx.scalar(_ROWS_READ))


@pytest.mark.parametrize(("planned_once", "limit"), [(True, BY_THE_INDEX), (False, EACH_TABLE_ONCE)])
async def test_looking_up_a_few_reads_no_others(world: World, planned_once: bool, limit: int) -> None:
    async with world.service.service.database.transaction(planned_once=planned_once) as tx:
        rules = (await load_programme(tx, world.programme_id)).rules
        # Planned while the tables are empty, where every way through them looks alike.
        await load_cases(tx, rules, [(new_id(), None)])
        await alike(tx, rules, [])
        lines = await tx.fetch_all(_FILL, {"count": OTHERS_COUNT, "programme_id": world.programme_id})
        few = lines[:ASKED_COUNT]
        before = await _rows_read(tx)
        cases = await load_cases(tx, rules, [(line.person_id, None) for line in few])
        groups = await alike(tx, rules, few)
        read = await _rows_read(tx) - before
    assert [case.family_grant_ids for case in cases.values()] == [(line.id,) for line in few]
    [(facts, grant_ids)] = groups
    assert facts.family_grant_ids == ()
    assert set(grant_ids) == {line.id for line in few}
    assert read <= 2 * limit
