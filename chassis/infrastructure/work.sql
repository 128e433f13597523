-- Requests done once, and work that goes on after its request.

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
CREATE INDEX idempotency_age ON idempotency (recorded_at);

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
CREATE INDEX timer_over ON timer (due_at) WHERE state <> 'waiting';
CREATE INDEX timer_failing ON timer (id) WHERE state = 'waiting' AND attempts > 0;

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
    rests boolean NOT NULL DEFAULT false,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz
);
COMMENT ON COLUMN job.rests IS 'Until retry_at, for the sake of those who ask; others of its kind wait with it';
CREATE INDEX job_open ON job (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX job_failed ON job (kind) WHERE state = 'failed';

CREATE TABLE bulk_item (
    job_id uuid NOT NULL REFERENCES job,
    number integer NOT NULL,
    repeats_row integer,
    request_sealed bytea,
    request_index bytea,
    status integer,
    resource_id uuid,
    problem json,
    retried_in uuid,
    settled_at timestamptz,
    PRIMARY KEY (job_id, number),
    CHECK (request_sealed IS NOT NULL OR (status IS NOT NULL AND status < 400))
);
COMMENT ON TABLE bulk_item IS 'What a bulk job does, in order, and what became of each';
COMMENT ON COLUMN bulk_item.repeats_row IS 'The number, in the job before, of the failed row that this one tries again';
COMMENT ON COLUMN bulk_item.request_sealed IS 'NULL: done, so that it need not be asked again';
COMMENT ON COLUMN bulk_item.request_index IS 'Of a row that a filter found, until it is done or failed: what is found twice is taken once';
COMMENT ON COLUMN bulk_item.problem IS 'As it was answered; never looked into, and jsonb keeps not every character';
COMMENT ON COLUMN bulk_item.retried_in IS 'The bulk job that tries the failed row again';
CREATE UNIQUE INDEX bulk_item_request ON bulk_item (job_id, request_index) WHERE request_index IS NOT NULL;
CREATE INDEX bulk_item_failed ON bulk_item (job_id, number) WHERE status >= 400;
