-- Run last: rights of the two roles on all that was made before.

-- Row-level security by agency and region; fails closed, because an unset setting compares as NULL.
-- A CASE, since the planner takes that for true of every second row: of settings compared one by one it expects no row
-- at all, and then reads and sorts a whole table for one page.
CREATE FUNCTION in_scope(agency text, region_code text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN (current_setting('sinergi.agency', true) = '*' OR agency = current_setting('sinergi.agency', true))
                 AND (current_setting('sinergi.region', true) = ''
                      OR region_code = current_setting('sinergi.region', true)
                      OR region_code LIKE current_setting('sinergi.region', true) || '.%')
                 AND current_setting('sinergi.scoped', true) = 'yes'
           THEN true ELSE false END
$$;

CREATE FUNCTION guard_table(guarded regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- Compared as bytes whatever the database's own collation: all codes below one are one range of an index.
    EXECUTE format('ALTER TABLE %s ALTER COLUMN region_code TYPE text COLLATE "C"', guarded);
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
                   'generation, parked_message, redrive_result, inbox FROM %I', app);
    EXECUTE format('REVOKE UPDATE ON outbox, audit, access_record, idempotency, timer, job, bulk_item FROM %I', app);
    EXECUTE format('REVOKE SELECT ON audit, access_record FROM %I', app);
    EXECUTE format('REVOKE UPDATE ON parked_mend FROM %I', app);
    EXECUTE format('GRANT UPDATE (state, checker, decided_at, job_id) ON parked_mend TO %I', app);
    EXECUTE format('REVOKE INSERT, UPDATE ON restoration, adopted_event, sequence_lift FROM %I', app);
    EXECUTE format('GRANT UPDATE (settled_at, settlement) ON adopted_event TO %I', app);
    EXECUTE format('GRANT UPDATE (held_reason) ON outbox TO %I', app);
    EXECUTE format('REVOKE INSERT, UPDATE ON published_log FROM %I', app);
    EXECUTE format('GRANT UPDATE (republish_into) ON published_log TO %I', app);
    EXECUTE format('GRANT UPDATE (state, data, attempts, retry_at, trace) ON timer TO %I', app);
    EXECUTE format('GRANT UPDATE (state, attempts, retry_at, last_error, finished_at) ON job TO %I', app);
    EXECUTE format('REVOKE INSERT, UPDATE ON alembic_version, generation, parked_mend FROM %I', worker);
    EXECUTE format('GRANT UPDATE (key_sealed, headers_sealed, body_sealed) ON parked_mend TO %I', worker);
    EXECUTE format('REVOKE UPDATE ON audit, access_record, inbox, idempotency FROM %I', worker);
    EXECUTE format('GRANT DELETE ON parked_key, timer TO %I', worker);
    -- What chassis/retention.py removes when its time is over; timers above.
    EXECUTE format('GRANT DELETE ON idempotency, job, bulk_item TO %I', worker);
    REVOKE EXECUTE ON FUNCTION add_month_partitions FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION add_month_partitions TO %I', worker);
    -- Partitions are reached through their parent only: rights of their own would go round its.
    EXECUTE format('REVOKE ALL ON inbox_other, outbox_other FROM %I, %I', app, worker);
END $$;

SELECT add_month_partitions(6);
