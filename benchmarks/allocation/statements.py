"""One SQL statement for each act, by hand, with the criteria of disbursement and all the rows that it writes.

Left out: the reserve list, and a case id by SHA-1, which plain PostgreSQL does not have (an MD5 stands in its place).
$1 is the programme, $2 a JSON object of what else the act is told.
"""

from typing import Final

_BLOCKED: Final = """
    SELECT FROM aid_grant AS line JOIN programme ON programme.id = line.programme_id
    LEFT JOIN person ON person.person_id = line.person_id
    WHERE line.programme_id = $1 AND line.state = 'proposed' AND line.proposal_id = ($2::jsonb ->> 'proposal_id')::uuid
      AND (person.status IS DISTINCT FROM 'active' OR person.decile > programme.highest_decile
           OR NOT (person.region_code = programme.region_code
                   OR person.region_code LIKE programme.region_code || '.%')
           OR NOT EXISTS (SELECT FROM enrolment JOIN package ON package.programme_id = $1
                              AND package.course_code = enrolment.course_code AND package.code = line.package_code
                          WHERE enrolment.programme_id = $1 AND enrolment.person_id = line.person_id
                            AND enrolment.state = 'completed')
           OR EXISTS (SELECT FROM aid_grant AS other WHERE other.programme_id = $1
                          AND other.family_id = person.family_id AND other.id <> line.id
                          AND other.state NOT IN ('released', 'cancelled'))
           OR EXISTS (SELECT FROM person AS relative JOIN other_aid USING (person_id)
                      WHERE relative.family_id = person.family_id AND other_aid.fiscal_year = programme.fiscal_year
                        AND other_aid.agency <> programme.agency))
"""
"""The lines of a proposal that meet a criterion no longer."""


def _told(kind: str, source: str, version: str, more: str) -> str:
    """Rows of the outbox, one event for each row of `source`, which has a grant's columns."""
    return f"""
        INSERT INTO outbox (event_id, topic, key, type, subject, correlation_id, headers, body)
        SELECT event.id, $2::jsonb ->> 'topic', person_id::text, 'disbursement.{kind}.v1', grant_id::text,
            event.case_id, jsonb_build_object('ce_specversion', '1.0', 'ce_id', event.id, 'ce_source', '/statement',
                'ce_type', 'disbursement.{kind}.v1', 'ce_subject', grant_id,
                'ce_time', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'ce_sequence', '{version}', 'ce_actor', $1, 'ce_correlationid', event.case_id,
                'content-type', 'application/json'),
            convert_to(json_build_object('occurred_on', $2::jsonb ->> 'occurred_on',
                'late_entry_reason', $2::jsonb ->> 'late_entry_reason', 'agency', agency, 'grant_id', grant_id,
                'person_id', person_id, 'family_id', family_id, 'programme_id', $1, 'package_code', package_code,
                'amount_rupiah', amount_rupiah, {more})::text, 'UTF8')
        FROM {source} CROSS JOIN LATERAL (
            SELECT uuidv7(), md5($1::text || '/' || person_id)::uuid WHERE grant_id IS NOT NULL) AS event (id, case_id)
    """  # noqa: S608 - constants of ours


def _logged(act: str, source: str, reason: str = "NULL", reference: str = "NULL", number: str = "NULL") -> str:
    return f"""
        INSERT INTO decision_log (id, act, officer, agency, region_code, programme_id, grant_id, person_id,
            reference_id, document_number, reason, amount_rupiah, occurred_on, late_entry_reason, recorded_at)
        SELECT uuidv7(), '{act}', $2::jsonb ->> 'officer', agency, region_code, $1, grant_id, person_id,
            {reference}, {number}, {reason}, amount_rupiah, ($2::jsonb ->> 'occurred_on')::date,
            $2::jsonb ->> 'late_entry_reason', clock_timestamp() FROM {source}
    """  # noqa: S608 - constants of ours


def _posted(kind: str, source: str, giver: str, taker: str, reference: str = "NULL") -> str:
    """Postings and their entries; each row of `source` has the id of its posting."""
    return f"""
        posted AS (
            INSERT INTO posting (id, programme_id, agency, region_code, kind, grant_id, reference_id, officer,
                occurred_on, recorded_at)
            SELECT posting_id, $1, agency, region_code, '{kind}', grant_id, {reference}, $2::jsonb ->> 'officer',
                ($2::jsonb ->> 'occurred_on')::date, clock_timestamp() FROM {source}),
        entries AS (
            INSERT INTO ledger_entry (posting_id, account, amount_rupiah)
            SELECT posting_id, account, sign * amount_rupiah
            FROM {source} CROSS JOIN (VALUES ('{giver}', -1), ('{taker}', 1)) AS side (account, sign))
    """  # noqa: S608 - constants of ours


_MOVED: Final = """
    version = version + 1, acted_on = ($2::jsonb ->> 'occurred_on')::date, changed_at = clock_timestamp()
"""
_OF_GRANT: Final = "id AS grant_id, person_id, family_id, agency, region_code, package_code, amount_rupiah"
_PROPOSAL: Final = "($2::jsonb ->> 'proposal_id')::uuid"
_DECREE: Final = "($2::jsonb ->> 'decree_id')::uuid"
_NUMBER: Final = "$2::jsonb ->> 'number'"
_DAY: Final = "($2::jsonb ->> 'occurred_on')::date"
_REASON: Final = "CASE state WHEN 'confirmed' THEN 'eligible' ELSE 'course_awaited' END"
_ALLOCATED: Final = "'conditional', state = 'conditional', 'from_reserve_list', false"
_DECIDED: Final = (
    f"'decree_id', $2::jsonb ->> 'decree_id', 'decree_number', {_NUMBER}, 'decree_on', {_DAY}, 'amends_decree', false"
)

ALLOCATE: Final = f"""
    WITH ruled AS MATERIALIZED (SELECT * FROM programme WHERE id = $1 FOR NO KEY UPDATE),
    candidate AS (
        SELECT DISTINCT ON (person.family_id) person.person_id, person.family_id, person.region_code, person.decile,
            ruled.agency, package.code AS package_code, package.unit_price_rupiah AS amount_rupiah,
            CASE enrolment.state WHEN 'completed' THEN 'confirmed' ELSE 'conditional' END AS state
        FROM ruled JOIN enrolment ON enrolment.programme_id = $1
        JOIN package ON package.programme_id = $1 AND package.course_code = enrolment.course_code
        JOIN person ON person.person_id = enrolment.person_id
        WHERE enrolment.state <> 'not_completed' AND person.status = 'active'
          AND person.decile <= ruled.highest_decile
          AND (person.region_code = ruled.region_code OR person.region_code LIKE ruled.region_code || '.%')
          AND NOT EXISTS (SELECT FROM aid_grant WHERE aid_grant.programme_id = $1
                          AND aid_grant.family_id = person.family_id
                          AND aid_grant.state NOT IN ('released', 'cancelled'))
          AND NOT EXISTS (SELECT FROM person AS relative JOIN other_aid USING (person_id)
                          WHERE relative.family_id = person.family_id
                            AND other_aid.fiscal_year = ruled.fiscal_year AND other_aid.agency <> ruled.agency)
        ORDER BY person.family_id, person.decile, person.person_id, enrolment.state),
    covered AS (
        SELECT *, sum(amount_rupiah) OVER (ORDER BY decile, person_id ROWS UNBOUNDED PRECEDING) AS taken_rupiah
        FROM candidate),
    made AS MATERIALIZED (
        SELECT uuidv7() AS grant_id, uuidv7() AS posting_id, covered.*
        FROM covered, ruled WHERE taken_rupiah <= ruled.available_rupiah ORDER BY covered.decile, person_id),
    granted AS (
        INSERT INTO aid_grant (id, programme_id, person_id, family_id, package_code, amount_rupiah, agency,
            region_code, state, from_reserve_list, version, acted_on, changed_at)
        SELECT grant_id, $1, person_id, family_id, package_code, amount_rupiah, agency, region_code, state, false, 1,
            {_DAY}, clock_timestamp() FROM made),
    {_posted("allocated", "made", "available", "reserved")},
    logged AS ({_logged("aid_allocated", "made", _REASON)}),
    told AS ({_told("aid_allocated", "made", "1", _ALLOCATED)})
    UPDATE programme SET available_rupiah = available_rupiah - (SELECT coalesce(sum(amount_rupiah), 0) FROM made)
    WHERE id = $1
"""  # noqa: S608 - constants of ours
PROPOSE: Final = f"""
    WITH moved AS (
        UPDATE aid_grant SET state = 'proposed', proposal_id = {_PROPOSAL}, {_MOVED}
        WHERE programme_id = $1 AND state = 'confirmed' RETURNING {_OF_GRANT}),
    logged AS ({_logged("aid_proposed", "moved", reference=_PROPOSAL)}),
    told AS ({_told("aid_proposed", "moved", "2", "'proposal_id', $2::jsonb ->> 'proposal_id'")})
    INSERT INTO proposal (id, programme_id, agency, region_code, kind, state, maker, lines_count, acted_on, version,
        recorded_at)
    SELECT {_PROPOSAL}, id, agency, region_code, 'recipients', 'submitted', $2::jsonb ->> 'officer',
        (SELECT count(*) FROM moved), {_DAY}, 2, clock_timestamp()
    FROM programme WHERE id = $1
"""  # noqa: S608 - constants of ours
CHECK: Final = f"""
    WITH checked AS (
        UPDATE proposal SET state = 'checked', checker = $2::jsonb ->> 'officer', version = version + 1,
            acted_on = {_DAY}
        WHERE id = {_PROPOSAL} AND state = 'submitted' AND NOT EXISTS ({_BLOCKED})
        RETURNING agency, region_code, id, NULL::uuid AS grant_id, NULL::uuid AS person_id,
            NULL::bigint AS amount_rupiah)
    {_logged("proposal_checked", "checked", reference="id")}
"""  # noqa: S608 - constants of ours
DECIDE: Final = f"""
    WITH signed AS (
        UPDATE proposal SET state = 'decided', penetap = $2::jsonb ->> 'officer', version = version + 1,
            acted_on = {_DAY}
        WHERE id = {_PROPOSAL} AND state = 'checked' AND NOT EXISTS ({_BLOCKED})
        RETURNING agency, region_code, lines_count, NULL::uuid AS grant_id, NULL::uuid AS person_id,
            NULL::bigint AS amount_rupiah),
    moved AS (
        UPDATE aid_grant SET state = 'decided', decree_id = {_DECREE}, decided_on = {_DAY}, {_MOVED}
        FROM (SELECT count(*) FROM signed) AS ready (count)
        WHERE ready.count = 1 AND programme_id = $1 AND state = 'proposed' AND proposal_id = {_PROPOSAL}
        RETURNING {_OF_GRANT}, uuidv7() AS posting_id),
    {_posted("decided", "moved", "reserved", "committed", _DECREE)},
    logged AS ({_logged("aid_decided", "moved", reference=_DECREE, number=_NUMBER)}),
    logged_decree AS ({_logged("decree_signed", "signed", reference=_DECREE, number=_NUMBER)}),
    told AS ({_told("aid_decided", "moved", "3", _DECIDED)})
    INSERT INTO decree (id, proposal_id, programme_id, agency, region_code, number, decree_on, annex_reference,
        penetap, lines_count, in_force, recorded_at)
    SELECT {_DECREE}, {_PROPOSAL}, $1, agency, region_code, {_NUMBER}, {_DAY}, 'Lampiran I', $2::jsonb ->> 'officer',
        lines_count, true, clock_timestamp() FROM signed
"""  # noqa: S608 - constants of ours
