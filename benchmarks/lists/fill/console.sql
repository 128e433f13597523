INSERT INTO cases.programme (programme_id, code, agency)
SELECT programme_id, 'programme-' || programme, agency FROM made.programme;

INSERT INTO cases.person_region (person_id, region_code, sequence) SELECT person_id, region_code, 1 FROM made.person;

INSERT INTO cases.case_file (case_id, programme_id, person_id, agency, region_code)
SELECT case_id, programme_id, person_id, agency, region_code FROM made.person;

INSERT INTO cases.case_event (event_id, source, type, case_id, person_id, programme_id, recorded_at, occurred_on,
    agency, subject, facts)
SELECT made.id('event', n * 3 + number), '/sinergi/made/training',
       (ARRAY['training.enrolled.v1', 'training.course_completed.v1', 'disbursement.aid_allocated.v1'])[1 + number],
       case_id, person_id, programme_id, moment + number * interval '1 day', date '2025-01-01' + number::int, agency,
       person_id::text, '{{"course_code": "course-0"}}'
FROM made.person CROSS JOIN generate_series(0, 2) AS each (number);
