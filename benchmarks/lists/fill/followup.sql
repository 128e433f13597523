INSERT INTO person (person_id, status, status_sequence, region_code)
SELECT person_id, 'active', 1, region_code FROM made.person;

INSERT INTO mentoring_plan (id, grant_id, person_id, family_id, programme_id, case_id, package_code, agency,
    region_code, bast_id, handed_over_on, visits_count, interval_months, state, holds, baseline_income_rupiah, version)
SELECT made.id('plan', n), made.id('grant', n), person_id, family_id, programme_id, case_id, 'package-0', agency,
       region_code, made.id('bast', n), '2025-01-10', 3, 1,
       CASE WHEN n % 100 = 1 THEN 'suspended' WHEN n % 50 = 2 THEN 'stopped' ELSE 'active' END,
       CASE WHEN n % 100 = 1 THEN '{{"handover_voided": "2025-02-01"}}' WHEN n % 50 = 2 THEN '{{"deceased": "2025-02-01"}}'
            ELSE '{{}}' END::jsonb, 500000, 1
FROM made.person;

-- The first two of three visits were made; the third one is due at this time, or long ago for every fourth.
INSERT INTO visit (id, plan_id, programme_id, agency, region_code, visit_number, due_on, occurred_on, monthly_turnover_rupiah,
    monthly_income_rupiah, family_working_hours, asset_state, recorded_by, recorded_at)
SELECT made.id('visit', n * 3 + number), made.id('plan', n), programme_id, agency, region_code, 1 + number,
       current_date - CASE WHEN n % 4 = 0 THEN 60 WHEN n % 4 = 1 THEN -20 ELSE 1 END + 30 * (number - 2)::int,
       CASE WHEN number < 2 THEN date '2025-02-10' END, CASE WHEN number < 2 THEN 900000 END,
       CASE WHEN number < 2 THEN 700000 END, CASE WHEN number < 2 THEN 30 END,
       CASE WHEN number < 2 THEN 'kept' END, CASE WHEN number < 2 THEN 'mentor' END,
       CASE WHEN number < 2 THEN moment END
FROM made.person CROSS JOIN generate_series(0, 2) AS each (number);

INSERT INTO visit_list (id, agency, region_code, maker, recorded_at, rows)
SELECT made.id('list', n), agency, region_code, 'mentor', moment, jsonb_build_array(jsonb_build_object(
       'plan_id', made.id('plan', n), 'visit_number', 1, 'visit_id', made.id('visit', n * 3), 'refusal', NULL))
FROM made.person WHERE n % 50 = 0;

INSERT INTO visit_correction (id, plan_id, visit_id, agency, region_code, old_values, new_values, changed_fields,
    reason, state, maker, made_at, checker, checked_at, version)
SELECT made.id('correction', n), made.id('plan', n), made.id('visit', n * 3), agency, region_code, figures, figures,
       ARRAY['income'], 'typing_error', CASE WHEN n % 1000 = 0 THEN 'open' ELSE 'approved' END, 'maker', moment,
       CASE WHEN n % 1000 <> 0 THEN 'checker' END, CASE WHEN n % 1000 <> 0 THEN moment END, 2
FROM made.person CROSS JOIN (SELECT '{{"occurred_on": "2025-02-10", "monthly_turnover_rupiah": 900000,
    "monthly_income_rupiah": 700000, "family_working_hours": 30, "asset_state": "kept",
    "baseline_income_rupiah": 500000}}'::jsonb) AS given (figures)
WHERE n % 20 = 0;

INSERT INTO empowerment (id, plan_id, programme_id, agency, region_code, rule_version, last_visit_id, state, in_doubt, maker,
    checker, checked_on, version)
SELECT made.id('empowerment', n), made.id('plan', n), programme_id, agency, region_code, 1, made.id('visit', n * 3 + 1),
       CASE WHEN n % 200 = 0 THEN 'candidate' ELSE 'confirmed' END, n % 400 = 2, 'maker',
       CASE WHEN n % 200 <> 0 THEN 'checker' END, CASE WHEN n % 200 <> 0 THEN date '2025-07-01' END, 2
FROM made.person WHERE n % 2 = 0;

INSERT INTO graduation (id, plan_id, programme_id, agency, region_code, state, flagged, maker, proposed_on, answer_due_on, schemes,
    ended_on, version)
SELECT made.id('graduation', n), made.id('plan', n), programme_id, agency, region_code,
       CASE WHEN n % 400 = 0 THEN 'proposed' ELSE 'graduated' END, n % 800 = 4, 'maker', '2025-08-01', '2025-09-01',
       CASE WHEN n % 400 = 0 THEN '{{}}' ELSE '{{pkh}}' END::text[], CASE WHEN n % 400 <> 0 THEN date '2025-08-20' END, 2
FROM made.person WHERE n % 4 = 0;

INSERT INTO graduation_answer (event_id, graduation_id, kind, occurred_on, codes, state_before, heard_at)
SELECT made.id('event', n), made.id('graduation', n), 'ended', '2025-08-20', '{{pkh}}', 'proposed', moment
FROM made.person WHERE n % 4 = 0 AND n % 400 <> 0;
