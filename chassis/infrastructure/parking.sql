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
    event_id uuid,
    correlation_id uuid,
    key_sealed bytea,
    headers_sealed bytea,
    body_sealed bytea,
    reason text NOT NULL,
    detail text NOT NULL,
    trace_id text,
    attempts integer NOT NULL DEFAULT 1,
    first_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    redriven_at timestamptz,
    outcome text CHECK (outcome IN ('applied', 'set_aside')),
    mend_id uuid,
    UNIQUE (consumer, log_identity, topic, partition, log_offset),
    CHECK ((outcome IS NULL) = (redriven_at IS NULL))
);
COMMENT ON COLUMN parked_message.headers_sealed IS 'NULL: content emptied a year after it was settled';
COMMENT ON COLUMN parked_message.mend_id IS 'The approved mend by which it was settled, if any';
COMMENT ON COLUMN parked_message.redriven_at IS 'When it was settled: it took effect, or two persons set it aside';
CREATE INDEX parked_message_waiting ON parked_message (consumer, topic, key, arrival) WHERE redriven_at IS NULL;
CREATE INDEX parked_message_listed ON parked_message (arrival) WHERE redriven_at IS NULL;
CREATE INDEX parked_message_case ON parked_message (correlation_id);
CREATE INDEX parked_message_event ON parked_message (event_id);

CREATE TABLE redrive_result (
    job_id uuid NOT NULL,
    arrival bigint NOT NULL REFERENCES parked_message,
    message_id uuid NOT NULL,
    topic text NOT NULL,
    key text,
    outcome text NOT NULL DEFAULT 'queued'
        CHECK (outcome IN ('queued', 'applied', 'set_aside', 'failed', 'waiting_behind')),
    reason text,
    detail text,
    mend_id uuid,
    settled_at timestamptz,
    PRIMARY KEY (job_id, arrival)
);
COMMENT ON TABLE redrive_result IS 'What a redrive takes, in order of arrival, and what became of each message';
CREATE INDEX redrive_result_queued ON redrive_result (job_id, arrival) WHERE outcome = 'queued';
CREATE INDEX redrive_result_key ON redrive_result (job_id, topic, key, arrival);

CREATE TABLE parked_mend (
    id uuid PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES parked_message (id),
    kind text NOT NULL CHECK (kind IN ('replace', 'set_aside')),
    reason text NOT NULL,
    attempts integer NOT NULL,
    key_sealed bytea,
    headers_sealed bytea,
    body_sealed bytea,
    state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'approved', 'rejected', 'superseded')),
    maker text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    checker text,
    decided_at timestamptz,
    job_id uuid,
    CHECK (checker <> maker),
    CHECK ((state IN ('approved', 'rejected')) = (checker IS NOT NULL)),
    CHECK (kind = 'replace' OR coalesce(key_sealed, headers_sealed, body_sealed) IS NULL)
);
COMMENT ON TABLE parked_mend IS 'Proposals of one person, decided by another; the parked message itself never changes';
CREATE UNIQUE INDEX parked_mend_open ON parked_mend (message_id) WHERE state = 'proposed';
CREATE INDEX parked_mend_message ON parked_mend (message_id, id);
CREATE INDEX parked_mend_listed ON parked_mend (id) WHERE state = 'proposed';
