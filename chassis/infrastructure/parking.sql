-- Messages that could not be processed, and the keys that wait behind them.

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
