-- Who did and who saw what.

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
