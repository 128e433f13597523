"""People who have completed their course, and a programme that gives each family a package, put there by SQL.

The same ids in every round: what both sides write is compared line by line.
"""

from typing import Final
from uuid import UUID

PROGRAMME_ID: Final = UUID("018a0000-0000-7000-8000-000000000001")
FISCAL_YEAR: Final = 2023
PRICE_RUPIAH: Final = 5_000_000

_ID: Final = "CAST(lpad(to_hex(1693526400000 + {i}), 12, '0') || '7000{kind}' || lpad(to_hex({i}), 15, '0') AS uuid)"
_PROGRAMME: Final = f"""
    INSERT INTO programme (id, code, agency, region_code, fiscal_year, program_code, program_name, activity_code,
        activity_name, sub_activity_code, sub_activity_name, highest_decile, budget_rupiah, available_rupiah,
        unspent_rupiah, opened_on, version)
    VALUES ('{PROGRAMME_ID}', 'tegal-uep-2023', 'dinsos', '33.28', {FISCAL_YEAR}, '1.06.05', 'Program',
        '1.06.05.2.02', 'Kegiatan', '1.06.05.2.02.03', 'Sub kegiatan', 4, %(budget)s, %(budget)s, %(budget)s,
        '2023-09-01', 1);
    INSERT INTO package (programme_id, code, name, course_code, unit_price_rupiah, planned_count)
    SELECT '{PROGRAMME_ID}', 'paket-' || course, 'Paket ' || course, course, {PRICE_RUPIAH}, 10
    FROM unnest(ARRAY['tata-boga', 'menjahit']) AS course;
    INSERT INTO package_item (programme_id, package_code, item_code, name, quantity, unit_price_rupiah)
    SELECT programme_id, code, 'alat', 'Alat', 1, unit_price_rupiah FROM package;
    INSERT INTO stock (programme_id, package_code, bought_count, in_stock_count, handed_over_count, written_off_count)
    SELECT programme_id, code, 0, 0, 0, 0 FROM package;
    WITH opened AS (
        INSERT INTO posting (id, programme_id, agency, region_code, kind, reference_id, officer, occurred_on,
            recorded_at)
        VALUES (uuidv7(), '{PROGRAMME_ID}', 'dinsos', '33.28', 'budget_opened', '{PROGRAMME_ID}', 'bench',
            '2023-09-01', clock_timestamp()) RETURNING id)
    INSERT INTO ledger_entry (posting_id, account, amount_rupiah)
    SELECT id, account, sign * %(budget)s
    FROM opened CROSS JOIN (VALUES ('budget', -1), ('available', 1)) AS side (account, sign);
"""  # noqa: S608 - constants of ours
_PEOPLE: Final = f"""
    CREATE TEMP TABLE seed AS
    SELECT i, {_ID.format(i="i", kind="8")} AS person_id, CASE WHEN i < %(eligible)s THEN '' ELSE
        (ARRAY['poor_enough', 'alive', 'helped', 'alone'])[1 + i %% 4] END AS lacks
    FROM generate_series(0, %(eligible)s + %(eligible)s / 20 - 1) AS i;
    INSERT INTO person (person_id, family_id, region_code, decile, list_source, list_version, list_dated_on, status,
        sequence, recorded_at)
    SELECT person_id,
        CASE WHEN lacks = 'alone' THEN {_ID.format(i="i - %(eligible)s", kind="a")}
             ELSE {_ID.format(i="i", kind="a")} END,
        '33.28.02.20' || lpad((1 + i %% 18)::text, 2, '0'),
        CASE lacks WHEN 'poor_enough' THEN 9 WHEN 'alone' THEN 4 ELSE 1 + i %% 4 END,
        'p3ke', '2022-tahap-2', '2022-12-01', CASE lacks WHEN 'alive' THEN 'deceased' ELSE 'active' END, 1,
        clock_timestamp()
    FROM seed ORDER BY i;
    INSERT INTO enrolment (enrolment_id, person_id, programme_id, course_code, state, sequence, recorded_at)
    SELECT {_ID.format(i="i", kind="9")}, person_id, '{PROGRAMME_ID}',
        (ARRAY['tata-boga', 'menjahit'])[1 + i %% 2], 'completed', 2, clock_timestamp()
    FROM seed ORDER BY i;
    INSERT INTO other_aid (assistance_id, person_id, agency, fiscal_year, package_code, amount_rupiah, occurred_on,
        sequence, recorded_at)
    SELECT {_ID.format(i="i", kind="b")}, person_id, 'dinas-koperasi', {FISCAL_YEAR}, 'modal-usaha', 2000000,
        '2023-10-01', 1, clock_timestamp()
    FROM seed WHERE lacks = 'helped';
    DROP TABLE seed;
"""  # noqa: S608 - constants of ours


def seed(eligible_count: int) -> tuple[str, str]:
    """Statements that make the programme, so many who may receive a package, and 5 % more who may not.

    Of these a quarter each is not poor enough, has died, was helped by another agency, or is of a family served before.
    """
    given = {"eligible": eligible_count, "budget": 2 * eligible_count * PRICE_RUPIAH}
    return _PROGRAMME % given, _PEOPLE % given
