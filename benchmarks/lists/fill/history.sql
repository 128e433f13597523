-- What serving so many people leaves behind in every service, as of this month, where what is told now goes too:
-- `{told}` events told and `{heard}` heard of each. Bodies are short: nobody reads them, and no index holds them.
CREATE FUNCTION made.recent(kind text, n bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM date_trunc('month', now())) * 1000)::bigint + n), 12, '0')
            || '7' || left(md5(kind), 3) || '8' || lpad(to_hex(n), 15, '0'))::uuid
$$;

INSERT INTO outbox (event_id, topic, key, type, subject, correlation_id, headers, body, recorded_at, published_at)
SELECT made.recent('told', n * {told} + number), '{service}.made', person_id::text, '{service}.made.v1',
       person_id::text, case_id, '{{}}', '{{}}', moment, moment
FROM made.person CROSS JOIN generate_series(0, {told} - 1) AS each (number);

INSERT INTO inbox (consumer, source, event_id, received_at)
SELECT '{service}', '/sinergi/made/others', made.recent('heard', n * {heard} + number), moment
FROM made.person CROSS JOIN generate_series(0, {heard} - 1) AS each (number);
