-- Events of committed transactions: sent by the relay, then kept as the archive, one partition a month.

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY,
    event_id uuid PRIMARY KEY,
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
) PARTITION BY RANGE (event_id);
COMMENT ON TABLE outbox IS 'Events of committed transactions; kept after publishing as the archive';
CREATE TABLE outbox_other PARTITION OF outbox DEFAULT;
-- Not unique by itself, since a partitioned table cannot be, but given by one identity: the order of committing per key.
CREATE INDEX outbox_position ON outbox (position);
CREATE INDEX outbox_unpublished ON outbox (position) WHERE published_at IS NULL;
CREATE INDEX outbox_held ON outbox (topic, key) WHERE published_at IS NULL AND held_reason IS NOT NULL;
CREATE INDEX outbox_case ON outbox (correlation_id, position);

CREATE TABLE relay_leader (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    backend_pid integer NOT NULL,
    instance text NOT NULL,
    beat_at timestamptz NOT NULL,
    unavailable_topics text[] NOT NULL DEFAULT '{}'
);

CREATE TABLE published_log (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    log_identity text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    replaced_by text,
    republish_into text
);
COMMENT ON TABLE published_log IS 'The log into which the archive was published, and the one that answers in its place';
