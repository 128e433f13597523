-- Tables partitioned by the month of an event: a UUIDv7 begins with its time.

-- The first UUIDv7 of a month. Ids of other forms, and months without a partition, fall into the default one.
CREATE FUNCTION first_id_of_month(month timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM month) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Runs as the owner, who alone may make tables, so that a worker can ask for the months of a service never restarted.
CREATE FUNCTION add_month_partitions(months_ahead integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    month timestamptz;
    parent text;
    partition text;
BEGIN
    -- In the order in which a consumer writes them; in the other one each could wait for the other.
    FOREACH parent IN ARRAY ARRAY['inbox', 'outbox'] LOOP
        month := date_trunc('month', clock_timestamp(), 'UTC');
        FOR step IN 0..months_ahead LOOP
            partition := parent || '_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
            BEGIN
                EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                               partition, parent, first_id_of_month(month),
                               first_id_of_month(date_add(month, '1 month', 'UTC')));
                -- Partitions are reached through their parent only: rights of their own would go round its.
                EXECUTE format('REVOKE ALL ON %I FROM %I, %I', partition,
                               replace(current_user, '_owner', '_app'), replace(current_user, '_owner', '_worker'));
            EXCEPTION WHEN check_violation THEN
                -- The default partition holds ids of that month already: they stay there, and so will its rest.
                NULL;
            WHEN lock_not_available THEN
                -- Somebody writes for long, and everybody else would wait behind us: another day will do.
                EXIT;
            END;
            month := date_add(month, '1 month', 'UTC');
        END LOOP;
    END LOOP;
END $$;
