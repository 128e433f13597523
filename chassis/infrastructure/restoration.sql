-- After a restore from a backup: what the topics hold of this service's events that its archive had lost.

CREATE TABLE restoration (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    restored_at timestamptz NOT NULL,
    read_from timestamptz,
    adopted_at timestamptz,
    log_identity text,
    ends jsonb,
    caught_up_at timestamptz
);
COMMENT ON COLUMN restoration.read_from IS 'What was sent before is in the archive; NULL: read the topics from their beginning';
COMMENT ON TABLE restoration IS 'The latest restore; until it is caught up, officers'' acts and all that acts by itself wait';

CREATE TABLE adopted_event (
    event_id uuid PRIMARY KEY,
    adopted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    settlement text CHECK (settlement IN ('told_again', 'told_differently', 'entered_again')),
    CHECK ((settled_at IS NULL) = (settlement IS NULL))
);
COMMENT ON TABLE adopted_event IS 'Events taken back from the topics; unsettled: the act behind them is not in this database';
CREATE INDEX adopted_event_open ON adopted_event (event_id) WHERE settled_at IS NULL;

CREATE TABLE sequence_lift (
    subject text PRIMARY KEY,
    lift bigint NOT NULL
);
COMMENT ON TABLE sequence_lift IS 'Added to the versions of subjects that others know in a later version than this database';
