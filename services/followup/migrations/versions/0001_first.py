"""The first tables of follow-up."""

from chassis.migrations import guard, infrastructure, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    status text NOT NULL,
    status_sequence bigint NOT NULL,
    status_on date,
    region_code text
);
COMMENT ON TABLE person IS
    'What the registry last said of a person; may come before the handover. Its row orders both consumers';

CREATE TABLE mentoring_schedule (
    id uuid PRIMARY KEY,
    package_code text NOT NULL,
    version integer NOT NULL,
    visits_count integer NOT NULL,
    interval_months integer NOT NULL,
    maker text NOT NULL,
    CONSTRAINT mentoring_schedule_version UNIQUE (package_code, version),
    CONSTRAINT mentoring_schedule_visits CHECK (visits_count BETWEEN 1 AND 60),
    CONSTRAINT mentoring_schedule_interval CHECK (interval_months BETWEEN 1 AND 12)
);

CREATE TABLE empowerment_rule (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    valid_from date NOT NULL,
    visits_min integer NOT NULL,
    income_visits_count integer NOT NULL,
    income_of_baseline_percent integer NOT NULL,
    income_min_rupiah bigint NOT NULL,
    refused_asset_states text[] NOT NULL,
    answer_days integer NOT NULL,
    maker text NOT NULL,
    CONSTRAINT empowerment_rule_version UNIQUE (version)
);

CREATE TABLE mentoring_plan (
    id uuid PRIMARY KEY,
    grant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    family_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    case_id uuid NOT NULL,
    package_code text NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    bast_id uuid NOT NULL,
    handed_over_on date NOT NULL,
    handover_late_entry_reason text,
    visits_count integer NOT NULL,
    interval_months integer NOT NULL,
    state text NOT NULL,
    holds jsonb NOT NULL,
    baseline_income_rupiah bigint,
    version integer NOT NULL,
    CONSTRAINT mentoring_plan_grant UNIQUE (grant_id),
    CONSTRAINT mentoring_plan_state CHECK (state IN ('active', 'suspended', 'stopped')),
    CONSTRAINT mentoring_plan_baseline CHECK (baseline_income_rupiah >= 0)
);
CREATE INDEX mentoring_plan_person ON mentoring_plan (person_id);
CREATE INDEX mentoring_plan_scope ON mentoring_plan (agency, region_code, id);
CREATE INDEX mentoring_plan_in_state ON mentoring_plan (state, agency, region_code, id);
CREATE INDEX mentoring_plan_programme ON mentoring_plan (programme_id, agency, region_code, id) INCLUDE (state);

CREATE TABLE visit (
    id uuid PRIMARY KEY,
    plan_id uuid NOT NULL CONSTRAINT visit_plan REFERENCES mentoring_plan,
    programme_id uuid NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    visit_number integer NOT NULL,
    due_on date NOT NULL,
    announced_at timestamptz,
    occurred_on date,
    late_entry_reason text,
    monthly_turnover_rupiah bigint,
    monthly_income_rupiah bigint,
    family_working_hours integer,
    asset_state text,
    recorded_by text,
    recorded_at timestamptz,
    note_sealed bytea,
    CONSTRAINT visit_once UNIQUE (plan_id, visit_number),
    CONSTRAINT visit_whole CHECK (
        num_nulls(occurred_on, monthly_turnover_rupiah, monthly_income_rupiah, family_working_hours, asset_state,
                  recorded_by, recorded_at) IN (0, 7)),
    CONSTRAINT visit_rupiah CHECK (least(monthly_turnover_rupiah, monthly_income_rupiah) >= 0)
);
CREATE INDEX visit_next ON visit (agency, region_code, due_on, id) WHERE recorded_at IS NULL;
CREATE INDEX visit_next_of_programme ON visit (programme_id, agency, region_code, due_on, id)
    WHERE recorded_at IS NULL;
CREATE INDEX visit_noted ON visit (recorded_at) WHERE note_sealed IS NOT NULL;

CREATE TABLE visit_list (
    id uuid PRIMARY KEY,
    agency text NOT NULL,
    region_code text NOT NULL,
    maker text NOT NULL,
    recorded_at timestamptz NOT NULL,
    rows jsonb NOT NULL
);
COMMENT ON TABLE visit_list IS 'A list of visits sent at once: what became of each row (ids and codes only)';

CREATE TABLE visit_correction (
    id uuid PRIMARY KEY,
    plan_id uuid NOT NULL CONSTRAINT visit_correction_plan REFERENCES mentoring_plan,
    visit_id uuid NOT NULL CONSTRAINT visit_correction_visit REFERENCES visit,
    agency text NOT NULL,
    region_code text NOT NULL,
    old_values jsonb NOT NULL,
    new_values jsonb NOT NULL,
    changed_fields text[] NOT NULL,
    reason text NOT NULL,
    state text NOT NULL,
    maker text NOT NULL,
    made_at timestamptz NOT NULL,
    checker text,
    checked_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT visit_correction_state CHECK (state IN ('open', 'approved', 'rejected')),
    CONSTRAINT visit_correction_four_eyes CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT visit_correction_checked CHECK ((state = 'open') = (checker IS NULL))
);
CREATE UNIQUE INDEX visit_correction_open ON visit_correction (visit_id) WHERE state = 'open';
CREATE INDEX visit_correction_plan ON visit_correction (plan_id);
CREATE INDEX visit_correction_of ON visit_correction (visit_id, id);
CREATE INDEX visit_correction_scope ON visit_correction (agency, region_code, id);
CREATE INDEX visit_correction_state ON visit_correction (state, agency, region_code, id);

CREATE TABLE empowerment (
    id uuid PRIMARY KEY,
    plan_id uuid NOT NULL CONSTRAINT empowerment_plan REFERENCES mentoring_plan,
    programme_id uuid NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    rule_version integer NOT NULL,
    last_visit_id uuid NOT NULL CONSTRAINT empowerment_last_visit REFERENCES visit,
    state text NOT NULL,
    in_doubt boolean NOT NULL,
    return_reason text,
    maker text NOT NULL,
    checker text,
    checked_on date,
    version integer NOT NULL,
    CONSTRAINT empowerment_state CHECK (state IN ('candidate', 'confirmed', 'returned', 'lapsed')),
    CONSTRAINT empowerment_four_eyes CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT empowerment_checked CHECK ((state IN ('confirmed', 'returned')) = (checker IS NOT NULL))
);
CREATE UNIQUE INDEX empowerment_current ON empowerment (plan_id) WHERE state IN ('candidate', 'confirmed');
CREATE INDEX empowerment_of ON empowerment (plan_id);
CREATE INDEX empowerment_programme ON empowerment (programme_id, agency, region_code, id) INCLUDE (state);
CREATE INDEX empowerment_scope ON empowerment (agency, region_code, id);
CREATE INDEX empowerment_state ON empowerment (state, agency, region_code, id);
CREATE INDEX empowerment_in_doubt ON empowerment (agency, region_code, id) WHERE in_doubt;

CREATE TABLE graduation (
    id uuid PRIMARY KEY,
    plan_id uuid NOT NULL CONSTRAINT graduation_plan REFERENCES mentoring_plan,
    programme_id uuid NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    state text NOT NULL,
    flagged boolean NOT NULL,
    maker text NOT NULL,
    proposed_on date NOT NULL,
    answer_due_on date NOT NULL,
    withdrawal_reason text,
    withdrawn_by text,
    withdrawn_on date,
    refusal_reason text,
    ended_on date,
    schemes text[] NOT NULL,
    restored_on date,
    version integer NOT NULL,
    CONSTRAINT graduation_state CHECK (
        state IN ('proposed', 'unanswered', 'graduated', 'refused', 'withdrawn', 'restored'))
);
CREATE UNIQUE INDEX graduation_live ON graduation (plan_id) WHERE state IN ('proposed', 'unanswered', 'graduated');
CREATE INDEX graduation_of ON graduation (plan_id);
CREATE INDEX graduation_programme ON graduation (programme_id, agency, region_code, id) INCLUDE (state);
CREATE INDEX graduation_scope ON graduation (agency, region_code, id);
CREATE INDEX graduation_in_state ON graduation (state, agency, region_code, id);
CREATE INDEX graduation_flagged ON graduation (agency, region_code, id) WHERE flagged;

CREATE TABLE graduation_answer (
    event_id uuid PRIMARY KEY,
    graduation_id uuid NOT NULL,
    kind text NOT NULL,
    occurred_on date NOT NULL,
    codes text[] NOT NULL,
    state_before text,
    heard_at timestamptz NOT NULL
);
COMMENT ON TABLE graduation_answer IS
    'Every answer of the assistance''s owner as it came, also those that no longer changed anything';
CREATE INDEX graduation_answer_of ON graduation_answer (graduation_id);
"""

# Illustrative figures: S4 names monthly mentoring and graduation as aims, but no count, no threshold and no deadline.
_FIRST_RULES = """
INSERT INTO mentoring_schedule (id, package_code, version, visits_count, interval_months, maker)
VALUES (gen_random_uuid(), 'default', 1, 6, 1, 'migration');

INSERT INTO empowerment_rule (id, version, valid_from, visits_min, income_visits_count, income_of_baseline_percent,
                              income_min_rupiah, refused_asset_states, answer_days, maker)
VALUES (gen_random_uuid(), 1, '2000-01-01', 6, 3, 120, 600000, '{lost,sold}', 30, 'migration');
"""


def upgrade() -> None:
    """Make the tables, guard what officers read, and write the first schedule and rule."""
    infrastructure.create()
    run_script(_TABLES)
    for table in ("mentoring_plan", "visit", "visit_list", "visit_correction", "empowerment", "graduation"):
        guard(table)
    run_script(_FIRST_RULES)


def downgrade() -> None:
    """Refused: history only grows."""
    raise NotImplementedError("forward only")
