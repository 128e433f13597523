INSERT INTO programme (id, code, agency, region_code, fiscal_year, program_code, program_name, activity_code,
    activity_name, sub_activity_code, sub_activity_name, highest_decile, budget_rupiah, available_rupiah,
    unspent_rupiah, opened_on, version)
SELECT programme_id, 'programme-' || programme, agency, '33.28', 2025, '1', 'Program', '1.1', 'Kegiatan', '1.1.1',
       'Sub kegiatan', 4, 10000000 * size, 0, 0, '2025-01-02', 1
FROM made.programme;

INSERT INTO package (programme_id, code, name, course_code, unit_price_rupiah, planned_count)
SELECT programme_id, 'package-' || n, 'Paket ' || n, 'course-' || n, 10000000, size
FROM made.programme CROSS JOIN generate_series(0, 1) AS each (n);

INSERT INTO stock (programme_id, package_code, bought_count, in_stock_count, handed_over_count, written_off_count)
SELECT programme_id, 'package-' || n, size, 0, size, 0
FROM made.programme CROSS JOIN generate_series(0, 1) AS each (n);

INSERT INTO person (person_id, family_id, region_code, decile, list_source, list_version, list_dated_on, status,
    sequence, recorded_at)
SELECT person_id, family_id, region_code, 1 + n % 4, 'dtsen', '2025-1', '2025-01-01', 'active', 1, moment
FROM made.person;

INSERT INTO enrolment (enrolment_id, person_id, programme_id, course_code, state, sequence, recorded_at)
SELECT made.id('enrolment', n), person_id, programme_id, 'course-' || n % 2, 'completed', 1, moment FROM made.person;

INSERT INTO proposal (id, programme_id, agency, region_code, kind, state, maker, checker, penetap, lines_count,
    acted_on, version, recorded_at)
SELECT made.id('proposal', programme), programme_id, agency, '33.28', 'recipients', 'submitted', 'maker', NULL, NULL,
       size, '2025-05-01', 1, now()
FROM made.programme;

INSERT INTO decree (id, proposal_id, programme_id, agency, region_code, number, decree_on, annex_reference, penetap,
    lines_count, in_force, recorded_at)
SELECT made.id('decree', programme), made.id('proposal', programme), programme_id, agency, '33.28', 'SK ' || programme,
       '2025-05-05', 'Lampiran', 'penetap', size, true, now()
FROM made.programme;

INSERT INTO handover_session (id, programme_id, agency, region_code, place_code, place_name, held_on, symbolic, state,
    version, recorded_at)
SELECT made.id('session', programme * 100 + number), programme_id, agency, code, 'balai-desa', 'Balai desa',
       '2025-06-01', false, 'planned', 1, now()
FROM made.programme CROSS JOIN made.village;

-- One in ten people has no grant: the candidates. Of a family one person has the place.
INSERT INTO aid_grant (id, programme_id, person_id, family_id, package_code, amount_rupiah, agency, region_code, state,
    from_reserve_list, proposal_id, decree_id, decided_on, bast_id, ended_reason, version, acted_on, changed_at)
SELECT made.id('grant', n), programme_id, person_id, made.id('single', n), 'package-' || n % 2, 10000000, agency,
       region_code, state, false, CASE WHEN state <> 'conditional' THEN made.id('proposal', programme) END,
       CASE WHEN state IN ('decided', 'handed_over') THEN made.id('decree', programme) END, NULL,
       CASE WHEN state = 'handed_over' THEN made.id('bast', n) END,
       CASE WHEN state = 'cancelled' THEN 'deceased' END, 3, '2025-05-05', moment
FROM (
    SELECT *, CASE WHEN n % 50 = 1 THEN 'cancelled' WHEN n % 50 = 2 THEN 'proposed' WHEN stage < 0.8 THEN 'handed_over'
                   WHEN stage < 0.95 THEN 'decided' ELSE 'conditional' END AS state
    FROM made.person WHERE n % 10 <> 7
) AS granted;

INSERT INTO reserve_candidate (id, programme_id, person_id, package_code, position, officer, recorded_at)
SELECT made.id('reserve', n), programme_id, person_id, 'package-0',
       row_number() OVER (PARTITION BY programme ORDER BY n), 'officer', moment
FROM made.person WHERE n % 10 = 7;

INSERT INTO appointment (id, session_id, grant_id, person_id, state, recorded_at)
SELECT made.id('appointment', n), made.id('session', programme * 100 + village.number), made.id('grant', n), person_id,
       CASE WHEN stage < 0.8 THEN 'served' ELSE 'expected' END, moment
FROM made.person JOIN made.village ON code = region_code WHERE n % 10 <> 7 AND n % 50 NOT IN (1, 2) AND stage < 0.95;

INSERT INTO bast (id, agency, region_code, year, serial, number, grant_id, person_id, programme_id, session_id,
    occurred_on, place_code, place_name, first_party_sealed, first_party_position, witness_sealed, witness_position,
    state, officer, recorded_at)
SELECT made.id('bast', n), agency, region_code, 2025, n, 'BAST/' || n, made.id('grant', n), person_id, programme_id,
       made.id('session', programme * 100 + village.number), '2025-06-01', 'balai-desa', 'Balai desa',
       sealed.name, 'Kepala dinas', sealed.name, 'Kepala desa',
       CASE WHEN n % 100 = 3 THEN 'void' ELSE 'valid' END, 'officer', moment
FROM made.person JOIN made.village ON code = region_code
JOIN made.sealed ON sealed.number = n % 200 WHERE n % 10 <> 7 AND n % 50 NOT IN (1, 2) AND stage < 0.8;

INSERT INTO bast_item (bast_id, item_code, name, quantity, unit_price_rupiah, condition)
SELECT id, 'item-0', 'Kambing', 2, 5000000, 'good' FROM bast;

INSERT INTO bast_void (id, bast_id, agency, region_code, reason, goods, maker, checker, state, recorded_at)
SELECT made.id('void', n), made.id('bast', n), agency, region_code, 'wrong_item', 'back_in_stock', 'maker',
       CASE WHEN n % 500 <> 3 THEN 'checker' END, CASE WHEN n % 500 = 3 THEN 'requested' ELSE 'approved' END, moment
FROM made.person WHERE n % 20 = 3;

INSERT INTO bast_correction (id, bast_id, agency, region_code, reason, maker, checker, state, recorded_at)
SELECT made.id('correction', n), made.id('bast', n), agency, region_code, 'wrong_date', 'maker',
       CASE WHEN n % 500 <> 4 THEN 'checker' END, CASE WHEN n % 500 = 4 THEN 'requested' ELSE 'approved' END, moment
FROM made.person WHERE n % 20 = 4;

INSERT INTO posting (id, programme_id, agency, region_code, kind, grant_id, officer, occurred_on, recorded_at)
SELECT made.id('posting', n), programme_id, agency, region_code, 'allocated', made.id('grant', n), 'officer',
       '2025-04-01', moment
FROM made.person;

INSERT INTO ledger_entry (posting_id, account, amount_rupiah)
SELECT made.id('posting', n), account, amount
FROM made.person CROSS JOIN (VALUES ('available', -10000000), ('reserved', 10000000)) AS side (account, amount);

INSERT INTO decision_log (id, act, officer, agency, region_code, programme_id, grant_id, person_id, occurred_on,
    recorded_at)
SELECT made.id('log', n), 'grant.allocated', 'officer', agency, region_code, programme_id, made.id('grant', n),
       person_id, '2025-04-01', moment
FROM made.person;

INSERT INTO refused_assistance (id, assistance_id, person_id, agency, source, reason, recorded_at)
SELECT made.id('refused', n), made.id('assistance', n), person_id, 'dinas-koperasi', 'urn:else', 'not-the-agency', moment
FROM made.person WHERE n % 20 = 5;
