-- People who do not exist, the same for every service: village by village, as their lists come in.
-- `{people}` is their number; `made.village` and `made.sealed` are filled before this runs.

-- A UUIDv7 of the n-th of a kind: later ones are greater.
CREATE FUNCTION made.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || left(md5(kind), 3)
            || '8' || lpad(to_hex(n), 15, '0'))::uuid
$$;

-- Programmes of 2,000 people each, spread over all villages; number 0 is the giant one, a tenth of the people, where
-- there are {giant_from} of them or more.
CREATE FUNCTION made.programme_of(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN {people} < {giant_from} THEN 1 + n % ({people} / 2000)
                WHEN n % 10 = 0 THEN 0
                ELSE 1 + (n - n / 10) % ({people} / 10 * 9 / 2000) END
$$;

-- `stage`: from 0 for those who came first to 1 for those of the last village.
CREATE TABLE made.person AS
SELECT n, made.id('person', n) AS person_id, made.id('family', n / 4) AS family_id, village.code AS region_code,
       programme, made.id('programme', programme) AS programme_id, made.id('case', n) AS case_id,
       CASE WHEN programme % 10 = 9 THEN 'dinas-koperasi' ELSE 'dinsos' END AS agency,
       n::float / {people} AS stage, now() - interval '200 days' + n * interval '1 ms' AS moment
FROM (SELECT n, made.programme_of(n) AS programme FROM generate_series(0, {people} - 1) AS each (n)) AS numbered
JOIN made.village ON village.number = n * {villages} / {people};

CREATE TABLE made.programme AS
SELECT programme, programme_id, agency, count(*) AS size FROM made.person GROUP BY 1, 2, 3;

ANALYZE made.person;
ANALYZE made.programme;
