-- Projections: tables made of events alone, in a schema of their own, so that another generation can be built beside.

CREATE TABLE generation (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    projection text NOT NULL,
    consumer text NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('next', 'live', 'before', 'dropped')),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE generation IS 'Generations of a projection, each with a consumer id of its own in inbox and offsets';
CREATE UNIQUE INDEX generation_state ON generation (projection, state) WHERE state <> 'dropped';

-- Only the consumer writes a projection, and nobody deletes from one.
CREATE FUNCTION create_generation_schema(made text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    app text := replace(current_user, '_owner', '_app');
    worker text := replace(current_user, '_owner', '_worker');
BEGIN
    EXECUTE format('CREATE SCHEMA %I', made);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %I', made, app, worker);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO %I', made, app);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE ON TABLES TO %I', made, worker);
END $$;

CREATE FUNCTION create_projection(projection text, first_consumer text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM create_generation_schema(projection);
    INSERT INTO generation (projection, consumer, state) VALUES (projection, first_consumer, 'live');
END $$;

-- Empty tables of the live one's very structure, read from the catalogue: whatever migrations made of it.
CREATE FUNCTION copy_structure(live text, made text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    original record;
    part record;
BEGIN
    PERFORM create_generation_schema(made);
    FOR original IN
        SELECT oid, relname, relkind, relrowsecurity FROM pg_class
        WHERE relnamespace = live::regnamespace AND relkind NOT IN ('i', 't') ORDER BY relname
    LOOP
        IF original.relkind <> 'r' THEN
            RAISE EXCEPTION '%.% is no plain table: a projection has no others', live, original.relname;
        END IF;
        EXECUTE format('CREATE TABLE %I.%I (LIKE %I.%I INCLUDING ALL EXCLUDING INDEXES)',
                       made, original.relname, live, original.relname);
        FOR part IN
            SELECT conname, contype, pg_get_constraintdef(oid) AS told FROM pg_constraint
            WHERE conrelid = original.oid AND contype NOT IN ('c', 'n') ORDER BY conname
        LOOP
            IF part.contype NOT IN ('p', 'u') THEN
                RAISE EXCEPTION '% of %.% cannot be copied', part.conname, live, original.relname;
            END IF;
            EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', made, original.relname, part.conname, part.told);
        END LOOP;
        FOR part IN
            SELECT pg_get_indexdef(indexrelid) AS told FROM pg_index
            WHERE indrelid = original.oid
              AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
        LOOP
            EXECUTE replace(part.told, format(' ON %I.%I ', live, original.relname),
                            format(' ON %I.%I ', made, original.relname));
        END LOOP;
        IF original.relrowsecurity THEN
            PERFORM guard_table(format('%I.%I', made, original.relname)::regclass);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION schema_of_generation(projection text, state text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT projection || CASE state WHEN 'live' THEN '' ELSE '_' || state END
$$;

CREATE FUNCTION move_generation(moved text, state_before text, state_after text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER SCHEMA %I RENAME TO %I', schema_of_generation(moved, state_before),
                   schema_of_generation(moved, state_after));
    UPDATE generation SET state = state_after WHERE projection = moved AND state = state_before;
END $$;

CREATE FUNCTION drop_generation(dropped text, state_before text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', schema_of_generation(dropped, state_before));
    UPDATE generation SET state = 'dropped' WHERE projection = dropped AND state = state_before;
END $$;
