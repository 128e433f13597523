-- What the chassis needs in every service's database. Run by the owner; rights follow at the end.

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    topic text NOT NULL,
    key text NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    correlation_id uuid,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    held_reason text
);
COMMENT ON TABLE outbox IS 'Events of committed transactions; kept after publishing as the archive';
CREATE INDEX outbox_unpublished ON outbox (position) WHERE published_at IS NULL;
CREATE INDEX outbox_held ON outbox (topic, key) WHERE published_at IS NULL AND held_reason IS NOT NULL;
CREATE INDEX outbox_case ON outbox (correlation_id, position);

CREATE TABLE relay_leader (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    backend_pid integer NOT NULL,
    instance text NOT NULL,
    beat_at timestamptz NOT NULL
);

CREATE TABLE inbox (
    consumer text NOT NULL,
    source text NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, source, event_id)
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE inbox IS 'Events that took effect; by month of the event, since a UUIDv7 begins with its time';
CREATE TABLE inbox_other PARTITION OF inbox DEFAULT;

-- The first UUIDv7 of a month. Ids of other forms, and months without a partition, fall into the default one.
CREATE FUNCTION first_id_of_month(month timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION add_inbox_partitions(months_ahead integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz := date_trunc('month', clock_timestamp(), 'UTC');
BEGIN
    FOR step IN 0..months_ahead LOOP
        BEGIN
            EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF inbox FOR VALUES FROM (%L) TO (%L)',
                           'inbox_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'), first_id_of_month(month),
                           first_id_of_month(date_add(month, '1 month', 'UTC')));
            EXECUTE format('REVOKE ALL ON %I FROM %I, %I', 'inbox_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'),
                           replace(current_user, '_owner', '_app'), replace(current_user, '_owner', '_worker'));
        EXCEPTION WHEN check_violation THEN
            -- The default partition holds ids of that month already: they stay there, and so will the rest of it.
            NULL;
        END;
        month := date_add(month, '1 month', 'UTC');
    END LOOP;
END $$;

CREATE TABLE stored_offset (
    consumer text NOT NULL,
    log_identity text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (consumer, log_identity, topic, partition)
);

CREATE TABLE parked_key (
    consumer text NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL,
    PRIMARY KEY (consumer, topic, key)
);
COMMENT ON TABLE parked_key IS 'Keys whose messages wait: consumer and redrive both lock the row';

CREATE TABLE parked_message (
    arrival bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    consumer text NOT NULL,
    log_identity text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    log_offset bigint NOT NULL,
    key text,
    type text,
    key_sealed bytea,
    headers_sealed bytea NOT NULL,
    body_sealed bytea,
    reason text NOT NULL,
    detail text NOT NULL,
    trace_id text,
    attempts integer NOT NULL DEFAULT 1,
    first_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    redriven_at timestamptz,
    UNIQUE (consumer, log_identity, topic, partition, log_offset)
);
CREATE INDEX parked_message_waiting ON parked_message (consumer, topic, key, arrival) WHERE redriven_at IS NULL;

CREATE TABLE skipped_type (
    consumer text NOT NULL,
    type text NOT NULL,
    seen_count bigint NOT NULL,
    PRIMARY KEY (consumer, type)
);
COMMENT ON TABLE skipped_type IS 'Valid types or versions that were heard but are not subscribed to';

CREATE TABLE idempotency (
    caller text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    resource_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (caller, route, key)
);

CREATE TABLE audit (
    id uuid PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    agency text NOT NULL,
    operation text NOT NULL,
    resource_id uuid NOT NULL,
    trace_id text
);
CREATE INDEX audit_resource ON audit (resource_id, recorded_at);
CREATE INDEX audit_actor ON audit (actor, recorded_at);

CREATE TABLE access_record (
    id uuid PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    purpose text NOT NULL,
    person_ids uuid[] NOT NULL
);
COMMENT ON TABLE access_record IS 'Who read personal data of whom, and what for (UU 27/2022)';
CREATE INDEX access_record_person ON access_record USING gin (person_ids);

CREATE TABLE timer (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    data jsonb NOT NULL,
    trace jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'fired', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0,
    retry_at timestamptz,
    last_error text,
    UNIQUE (kind, subject_id, due_at)
);
CREATE INDEX timer_due ON timer (coalesce(retry_at, due_at)) WHERE state = 'waiting';

CREATE TABLE job (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    parameters jsonb NOT NULL,
    officer jsonb NOT NULL,
    agency text NOT NULL,
    trace jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    total integer,
    done integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    cursor jsonb,
    attempts integer NOT NULL DEFAULT 0,
    retry_at timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz
);
CREATE INDEX job_open ON job (created_at) WHERE state IN ('queued', 'running');

-- Row-level security by agency and region; fails closed, because an unset setting compares as NULL.
CREATE FUNCTION in_scope(agency text, region_code text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (current_setting('sinergi.agency', true) = '*' OR agency = current_setting('sinergi.agency', true))
       AND (current_setting('sinergi.region', true) = ''
            OR region_code = current_setting('sinergi.region', true)
            OR region_code LIKE current_setting('sinergi.region', true) || '.%')
       AND current_setting('sinergi.scoped', true) = 'yes'
$$;

CREATE FUNCTION guard_table(guarded regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY officers ON %s TO %I USING (in_scope(agency, region_code)) '
                   'WITH CHECK (in_scope(agency, region_code))', guarded, replace(current_user, '_owner', '_app'));
    EXECUTE format('CREATE POLICY workers ON %s TO %I USING (true) WITH CHECK (true)',
                   guarded, replace(current_user, '_owner', '_worker'));
    EXECUTE format('CREATE POLICY owner ON %s TO %I USING (true) WITH CHECK (true)', guarded, current_user);
END $$;

-- The owner's later tables inherit the same rights; nobody but the owner may delete or truncate.
DO $$
DECLARE
    app text := replace(current_user, '_owner', '_app');
    worker text := replace(current_user, '_owner', '_worker');
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO %I, %I', app, worker);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO %I, %I', app, worker);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE ON TABLES TO %I, %I', app, worker);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO %I, %I', app, worker);
    -- The application role adds events, audit rows, timers and jobs; it neither rewrites nor suppresses any.
    EXECUTE format('REVOKE INSERT, UPDATE ON alembic_version, stored_offset, relay_leader, skipped_type, parked_key, '
                   'parked_message, inbox FROM %I', app);
    EXECUTE format('REVOKE UPDATE ON outbox, audit, access_record, idempotency, timer, job FROM %I', app);
    EXECUTE format('REVOKE SELECT ON audit, access_record FROM %I', app);
    EXECUTE format('GRANT UPDATE (held_reason) ON outbox TO %I', app);
    EXECUTE format('GRANT UPDATE (state, data, attempts, retry_at, trace) ON timer TO %I', app);
    EXECUTE format('GRANT UPDATE (state, attempts, retry_at, last_error, finished_at) ON job TO %I', app);
    EXECUTE format('REVOKE INSERT, UPDATE ON alembic_version FROM %I', worker);
    EXECUTE format('REVOKE UPDATE ON audit, access_record, inbox, idempotency FROM %I', worker);
    EXECUTE format('GRANT DELETE ON parked_key, timer TO %I', worker);
    -- Partitions are reached through their parent only: rights of their own would go round its.
    EXECUTE format('REVOKE ALL ON inbox_other FROM %I, %I', app, worker);
END $$;

SELECT add_inbox_partitions(6);
