"""First schema: known people and programmes, providers, courses, classes, enrolments, attendance sheets."""

from chassis.migrations import guard, infrastructure, run_script

revision = "0001"
down_revision = None

_KNOWN = """
-- What the registry told of people; the row is also the lock of what is decided for them.
CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    family_id uuid NOT NULL,
    region_code text NOT NULL,
    status text NOT NULL,
    sequence bigint NOT NULL,
    CONSTRAINT person_status_check CHECK (status IN ('active', 'deceased', 'moved_away'))
);

-- What disbursement told of programmes.
CREATE TABLE programme (
    programme_id uuid PRIMARY KEY,
    programme_code text NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    fiscal_year integer NOT NULL,
    course_codes text[] NOT NULL,
    sequence bigint NOT NULL
);
"""

_OFFER = """
CREATE TABLE provider (
    id uuid PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    CONSTRAINT provider_code_key UNIQUE (code)
);

CREATE TABLE course (
    id uuid PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    sessions integer NOT NULL,
    share_percent integer NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    CONSTRAINT course_code_key UNIQUE (code),
    CONSTRAINT course_sessions_check CHECK (sessions BETWEEN 1 AND 366),
    CONSTRAINT course_share_percent_check CHECK (share_percent BETWEEN 1 AND 100)
);

CREATE TABLE training_class (
    id uuid PRIMARY KEY,
    programme_id uuid NOT NULL REFERENCES programme,
    course_code text NOT NULL REFERENCES course (code),
    provider_code text NOT NULL REFERENCES provider (code),
    capacity integer NOT NULL,
    -- The course rule as it was when the class was scheduled.
    sessions_required integer NOT NULL,
    agency text NOT NULL,
    -- Place of the class.
    region_code text NOT NULL,
    scheduled_on date NOT NULL,
    -- Day on which the last session was verified.
    decided_on date,
    version integer NOT NULL,
    CONSTRAINT training_class_capacity_check CHECK (capacity BETWEEN 1 AND 500)
);
CREATE INDEX training_class_scope ON training_class (agency, region_code, id);
CREATE INDEX training_class_programme ON training_class (programme_id, agency, region_code, id);
CREATE INDEX training_class_course ON training_class (course_code, agency, region_code, id);

CREATE TABLE class_session (
    id uuid PRIMARY KEY,
    class_id uuid NOT NULL REFERENCES training_class,
    number integer NOT NULL,
    held_on date NOT NULL,
    CONSTRAINT class_session_class_id_number_key UNIQUE (class_id, number),
    CONSTRAINT class_session_class_id_held_on_key UNIQUE (class_id, held_on)
);

CREATE TABLE session_redating (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES class_session,
    previously_on date NOT NULL,
    held_on date NOT NULL,
    reason text NOT NULL,
    maker text NOT NULL,
    occurred_on date NOT NULL,
    late_entry_reason text,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX session_redating_session ON session_redating (session_id);
"""

_ENROLMENTS = """
CREATE TABLE enrolment (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    programme_id uuid NOT NULL REFERENCES programme,
    course_code text NOT NULL REFERENCES course (code),
    class_id uuid NOT NULL REFERENCES training_class,
    status text NOT NULL,
    reason text,
    withdrawal_reason text,
    sessions_attended integer NOT NULL,
    sessions_required integer NOT NULL,
    completed_on date,
    agency text NOT NULL,
    region_code text NOT NULL,
    version integer NOT NULL,
    CONSTRAINT enrolment_status_check CHECK (status IN ('enrolled', 'completed', 'not_completed')),
    CONSTRAINT enrolment_reason_check CHECK ((status = 'not_completed') = (reason IS NOT NULL)),
    CONSTRAINT enrolment_completed_on_check CHECK ((status = 'completed') = (completed_on IS NOT NULL))
);
CREATE UNIQUE INDEX enrolment_one_per_programme ON enrolment (programme_id, person_id)
    WHERE reason IS NULL OR reason = 'attendance_short';
CREATE INDEX enrolment_class ON enrolment (class_id, id);
CREATE INDEX enrolment_person ON enrolment (person_id, id);

CREATE TABLE enrolment_history (
    enrolment_id uuid NOT NULL REFERENCES enrolment,
    version integer NOT NULL,
    class_id uuid NOT NULL,
    status text NOT NULL,
    reason text,
    withdrawal_reason text,
    sessions_attended integer NOT NULL,
    actor text NOT NULL,
    occurred_on date NOT NULL,
    late_entry_reason text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (enrolment_id, version)
);

-- Days and programmes closed to another enrolment, over all agencies: deliberately without row-level security.
CREATE TABLE booked_day (
    enrolment_id uuid NOT NULL REFERENCES enrolment,
    held_on date NOT NULL,
    person_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    is_active boolean NOT NULL,
    PRIMARY KEY (enrolment_id, held_on)
);
CREATE INDEX booked_day_person ON booked_day (person_id) WHERE is_active;

CREATE TABLE enrolment_list (
    id uuid PRIMARY KEY,
    class_id uuid NOT NULL REFERENCES training_class,
    maker text NOT NULL,
    occurred_on date NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL
);

CREATE TABLE enrolment_list_row (
    list_id uuid NOT NULL REFERENCES enrolment_list,
    number integer NOT NULL,
    person_id uuid NOT NULL,
    enrolment_id uuid,
    refusal text,
    PRIMARY KEY (list_id, number),
    CONSTRAINT enrolment_list_row_outcome_check CHECK ((enrolment_id IS NULL) <> (refusal IS NULL))
);
"""

_SHEETS = """
CREATE TABLE sheet (
    id uuid PRIMARY KEY,
    class_id uuid NOT NULL REFERENCES training_class,
    session_id uuid NOT NULL REFERENCES class_session,
    revision integer NOT NULL,
    state text NOT NULL,
    correction_reason text,
    refusal_reason text,
    maker text NOT NULL,
    reported_on date NOT NULL,
    late_entry_reason text,
    recorded_at timestamptz NOT NULL,
    checker text,
    checked_on date,
    agency text NOT NULL,
    region_code text NOT NULL,
    version integer NOT NULL,
    CONSTRAINT sheet_session_id_revision_key UNIQUE (session_id, revision),
    CONSTRAINT sheet_state_check CHECK (state IN ('reported', 'proposed', 'verified', 'superseded', 'refused')),
    CONSTRAINT sheet_four_eyes_check CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT sheet_checked_check CHECK (state NOT IN ('verified', 'refused') OR checker IS NOT NULL)
);
CREATE UNIQUE INDEX sheet_one_verified ON sheet (session_id) WHERE state = 'verified';
CREATE UNIQUE INDEX sheet_one_open ON sheet (session_id) WHERE state IN ('reported', 'proposed');
CREATE INDEX sheet_class ON sheet (class_id, id);
CREATE INDEX sheet_scope ON sheet (agency, region_code, id);
CREATE INDEX sheet_state ON sheet (state, agency, region_code, id);

CREATE TABLE sheet_entry (
    sheet_id uuid NOT NULL REFERENCES sheet,
    -- As reported: may name no enrolment that is known here.
    enrolment_id uuid NOT NULL,
    attendance text NOT NULL,
    PRIMARY KEY (sheet_id, enrolment_id),
    CONSTRAINT sheet_entry_attendance_check CHECK (attendance IN ('present', 'sick', 'excused', 'absent'))
);

-- Lines of verified sheets that name an enrolment of the course; not current once corrected.
CREATE TABLE counted_attendance (
    sheet_id uuid NOT NULL REFERENCES sheet,
    enrolment_id uuid NOT NULL REFERENCES enrolment,
    session_number integer NOT NULL,
    attendance text NOT NULL,
    is_current boolean NOT NULL,
    PRIMARY KEY (sheet_id, enrolment_id)
);
CREATE INDEX counted_attendance_enrolment ON counted_attendance (enrolment_id) WHERE is_current;

-- What a provider sent and what could not be taken in: agency and region are the class's, empty where it is unknown.
CREATE TABLE unaccepted_sheet (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    event_id uuid NOT NULL,
    sender_agency text NOT NULL,
    provider_code text NOT NULL,
    class_id uuid NOT NULL,
    session_id uuid NOT NULL,
    occurred_on date NOT NULL,
    entries_count integer NOT NULL,
    refusal text NOT NULL,
    recorded_at timestamptz NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL
);
CREATE INDEX unaccepted_sheet_class ON unaccepted_sheet (class_id, id);
CREATE INDEX unaccepted_sheet_scope ON unaccepted_sheet (agency, region_code, id);

CREATE TABLE sheet_verification (
    id uuid PRIMARY KEY,
    class_id uuid NOT NULL REFERENCES training_class,
    checker text NOT NULL,
    occurred_on date NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL
);

CREATE TABLE sheet_verification_row (
    verification_id uuid NOT NULL REFERENCES sheet_verification,
    sheet_id uuid NOT NULL,
    refusal text,
    PRIMARY KEY (verification_id, sheet_id)
);
"""

_GUARDED = ("training_class", "enrolment", "enrolment_list", "sheet", "sheet_verification", "unaccepted_sheet")


def upgrade() -> None:
    """Create everything, and guard the tables that officers read."""
    infrastructure.create()
    for script in (_KNOWN, _OFFER, _ENROLMENTS, _SHEETS):
        run_script(script)
    for table in _GUARDED:
        guard(table)


def downgrade() -> None:
    """Schemas only go forward."""
    raise NotImplementedError("forward only")
