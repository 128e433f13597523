INSERT INTO person (person_id, family_id, region_code, status, sequence)
SELECT person_id, family_id, region_code, 'active', 1 FROM made.person;

INSERT INTO programme (programme_id, programme_code, agency, region_code, fiscal_year, course_codes, sequence)
SELECT programme_id, 'programme-' || programme, agency, '33.28', 2025, ARRAY['course-0', 'course-1'], 1
FROM made.programme;

INSERT INTO course (id, code, name, sessions, share_percent, agency, region_code)
SELECT made.id('course', n), 'course-' || n, 'Kursus ' || n, 4, 75, 'dinsos', '33.28'
FROM generate_series(0, 99) AS each (n);

INSERT INTO provider (id, code, name, agency, region_code)
SELECT made.id('provider', n), 'provider-' || n, 'LPK ' || n, 'dinsos', '33.28'
FROM generate_series(0, 99) AS each (n);

-- A class of 25 per programme and stretch of neighbours: `seat` counts a programme's people.
CREATE TABLE made.seat AS
SELECT n, row_number() OVER (PARTITION BY programme ORDER BY n) - 1 AS seat FROM made.person;

CREATE TABLE made.class AS
SELECT programme, seat / 25 AS class, min(n) AS n FROM made.person JOIN made.seat USING (n) GROUP BY 1, 2;

INSERT INTO training_class (id, programme_id, course_code, provider_code, capacity, sessions_required, agency,
    region_code, scheduled_on, version)
SELECT made.id('class', n), programme_id, 'course-' || class.class % 2, 'provider-' || class.class % 10, 30, 3, agency,
       region_code, '2025-03-01', 1
FROM made.class JOIN made.person USING (n, programme);

INSERT INTO class_session (id, class_id, number, held_on)
SELECT made.id('session', n * 4 + number), made.id('class', n), 1 + number, date '2025-03-10' + number
FROM made.class CROSS JOIN generate_series(0, 3) AS each (number);

INSERT INTO enrolment (id, person_id, programme_id, course_code, class_id, status, sessions_attended,
    sessions_required, completed_on, agency, region_code, version)
SELECT made.id('enrolment', person.n), person_id, programme_id, 'course-' || seat / 25 % 2, made.id('class', class.n),
       CASE WHEN stage < 0.9 THEN 'completed' ELSE 'enrolled' END, 3, 3,
       CASE WHEN stage < 0.9 THEN date '2025-03-13' END, agency, region_code, 2
FROM made.person AS person JOIN made.seat USING (n)
JOIN made.class AS class ON class.programme = person.programme AND class.class = seat / 25;

INSERT INTO booked_day (enrolment_id, held_on, person_id, programme_id, is_active)
SELECT made.id('enrolment', n), '2025-03-10', person_id, programme_id, true FROM made.person;

INSERT INTO sheet (id, class_id, session_id, revision, state, maker, reported_on, recorded_at, checker, checked_on,
    agency, region_code, version)
SELECT made.id('sheet', n * 4 + number), made.id('class', n), made.id('session', n * 4 + number), 1,
       CASE WHEN stage < 0.9 AND n % 50 <> 0 THEN 'verified' ELSE 'reported' END, 'maker', '2025-03-10', moment,
       CASE WHEN stage < 0.9 AND n % 50 <> 0 THEN 'checker' END, NULL, agency, region_code, 1
FROM made.class JOIN made.person USING (n, programme) CROSS JOIN generate_series(0, 3) AS each (number);

INSERT INTO sheet_entry (sheet_id, enrolment_id, attendance)
SELECT made.id('sheet', class.n * 4 + number), made.id('enrolment', person.n), 'present'
FROM made.person AS person JOIN made.seat USING (n)
JOIN made.class AS class ON class.programme = person.programme AND class.class = seat / 25
CROSS JOIN generate_series(0, 1) AS each (number);

INSERT INTO unaccepted_sheet (id, source, event_id, sender_agency, provider_code, class_id, session_id, occurred_on,
    entries_count, refusal, recorded_at, agency, region_code)
SELECT made.id('unaccepted', n), 'urn:lpk', made.id('event', n), 'provider-1', 'provider-1', made.id('class', class.n),
       made.id('session', n), '2025-03-10', 20, 'session-unknown', moment, agency, region_code
FROM made.class AS class JOIN made.person USING (n, programme);

INSERT INTO enrolment_list (id, class_id, maker, occurred_on, agency, region_code)
SELECT made.id('list', n), made.id('class', n), 'maker', '2025-02-01', agency, region_code
FROM made.class JOIN made.person USING (n, programme);

INSERT INTO enrolment_list_row (list_id, number, person_id, enrolment_id)
SELECT made.id('list', class.n), 1 + seat % 25, person_id, made.id('enrolment', person.n)
FROM made.person AS person JOIN made.seat USING (n)
JOIN made.class AS class ON class.programme = person.programme AND class.class = seat / 25;
