-- What took effect here, how far each log is read, and what was passed over.

CREATE TABLE inbox (
    consumer text NOT NULL,
    source text NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, source, event_id)
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE inbox IS 'Events that took effect; by month of the event, since a UUIDv7 begins with its time';
CREATE TABLE inbox_other PARTITION OF inbox DEFAULT;

CREATE TABLE stored_offset (
    consumer text NOT NULL,
    log_identity text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (consumer, log_identity, topic, partition)
);

CREATE TABLE skipped_type (
    consumer text NOT NULL,
    type text NOT NULL,
    seen_count bigint NOT NULL,
    PRIMARY KEY (consumer, type)
);
COMMENT ON TABLE skipped_type IS 'Valid types or versions that were heard but are not subscribed to';
