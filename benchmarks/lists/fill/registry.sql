INSERT INTO family (id, card_index, card_sealed, registered_at)
SELECT made.id('family', n), sha256(n::text::bytea), sealed.card, now()
FROM generate_series(0, ({people} - 1) / 4) AS each (n) JOIN made.sealed ON sealed.number = n % 200;

INSERT INTO identity (person_id, nik_index, family_id)
SELECT person_id, sha256(('nik' || n)::bytea), family_id FROM made.person;

INSERT INTO list_import (id, agency, region_code, filename_sealed, content_index, list_source, list_version,
    list_dated_on, rows_count, accepted_count, known_count, refused_count, registered_count, state, maker, checker,
    version, uploaded_at)
SELECT made.id('import', n), 'dinsos', '33.28', sealed.filename, sha256(n::text::bytea), 'dtsen', '2025-1',
       '2025-01-01', 2000, 0, 0, 0, 2000, 'applied', 'maker', 'checker', 3, now()
FROM generate_series(0, {people} / 2000 - 1) AS each (n) JOIN made.sealed ON sealed.number = n % 200;

INSERT INTO person (id, agency, region_code, nik_sealed, name, birth_date, female, married, address_sealed,
    phone_sealed, phone_index, decile, list_source, list_version, list_dated_on, population_match, status, import_id,
    version, registered_at)
SELECT person_id, agency, region_code, sealed.nik,
       (ARRAY['Sri', 'Siti', 'Slamet', 'Wahyu', 'Nur', 'Agus', 'Dewi'])[1 + n % 7] || ' '
       || (ARRAY['Lestari', 'Rahayu', 'Santoso', 'Aminah', 'Widodo', 'Utami', 'Hidayat', 'Saputra', 'Kurnia',
                 'Wulandari', 'Prasetyo'])[1 + n % 11],
       date '1970-01-01' + (n % 12000)::int, n % 2 = 0, true, sealed.address, sealed.phone,
       sha256(('phone' || n)::bytea), 1 + n % 10, 'dtsen', '2025-1', '2025-01-01', 'matched', 'active',
       made.id('import', n / 2000), 1, moment
FROM made.person JOIN made.sealed ON sealed.number = n % 200;

INSERT INTO list_import_row (import_id, row_number, agency, region_code, cells_sealed, outcome, person_id)
SELECT made.id('import', n / 2000), 2 + n % 2000, 'dinsos', '33.28', sealed.cells, 'registered', person_id
FROM made.person JOIN made.sealed ON sealed.number = n % 200;

INSERT INTO list_import_finding (import_id, row_number, code, column_name, agency, region_code, severity)
SELECT made.id('import', n / 2000), 2 + n % 2000, 'phone_invalid', 'no_hp', 'dinsos', '33.28', 'warning'
FROM made.person WHERE n % 5 = 0;

INSERT INTO correction (id, agency, region_code, person_id, field, old_value_sealed, new_value_sealed, reason,
    evidence_reference, occurred_on, maker, checker, state, version, proposed_at)
SELECT made.id('correction', n), agency, region_code, person_id, 'name', sealed.name,
       sealed.name, 'typing_error', 'KTP', '2025-06-01', 'maker',
       CASE WHEN n % 500 <> 0 THEN 'checker' END, CASE WHEN n % 500 = 0 THEN 'proposed' ELSE 'approved' END, 2, moment
FROM made.person JOIN made.sealed ON sealed.number = n % 200 WHERE n % 10 = 0;

INSERT INTO membership (id, agency, region_code, family_id, scheme, since, state, version)
SELECT made.id('membership', n), 'dinsos', region_code, family_id, 'pkh', '2024-01-01', 'active', 1
FROM made.person WHERE n % 4 = 0;

INSERT INTO end_request (graduation_id, agency, region_code, person_id, family_id, programme_id, case_id, visits_count,
    answer_due_on, state, version, opened_at)
SELECT made.id('graduation', n), 'dinsos', region_code, person_id, family_id, programme_id, case_id, 6, '2025-12-31',
       CASE WHEN n % 100 = 0 THEN 'open' ELSE 'ended' END, 1, moment
FROM made.person WHERE n % 10 = 0;

INSERT INTO end_answer (id, graduation_id, agency, region_code, answer, ended_on, occurred_on, maker, checker, state,
    proposed_at)
SELECT made.id('answer', n), made.id('graduation', n), 'dinsos', region_code, 'end', '2025-11-30', '2025-11-01',
       'maker', CASE WHEN n % 100 <> 0 THEN 'checker' END, CASE WHEN n % 100 = 0 THEN 'proposed' ELSE 'approved' END,
       moment
FROM made.person WHERE n % 10 = 0;
