-- The registry's own tables; services/registry/store/tables.py describes the same and a test compares both.

CREATE TABLE end_request (
    graduation_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    person_id UUID NOT NULL,
    family_id UUID NOT NULL,
    programme_id UUID NOT NULL,
    case_id UUID NOT NULL,
    visits_count INTEGER,
    answer_due_on DATE,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT end_request_pkey PRIMARY KEY (graduation_id),
    CONSTRAINT end_request_state_check CHECK (state IN ('open', 'ended', 'refused', 'cancelled', 'restored'))
);

CREATE INDEX end_request_scope ON end_request (agency, region_code, graduation_id);

CREATE INDEX end_request_in_state ON end_request (state, agency, region_code, graduation_id);

CREATE TABLE family (
    id UUID NOT NULL,
    card_index BYTEA NOT NULL,
    card_sealed BYTEA NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT family_pkey PRIMARY KEY (id),
    CONSTRAINT family_card_index_key UNIQUE (card_index)
);

CREATE TABLE list_import (
    id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    filename_sealed BYTEA NOT NULL,
    content_index BYTEA NOT NULL,
    list_source TEXT NOT NULL,
    list_version TEXT NOT NULL,
    list_dated_on DATE NOT NULL,
    rows_count INTEGER NOT NULL,
    accepted_count INTEGER NOT NULL,
    known_count INTEGER NOT NULL,
    refused_count INTEGER NOT NULL,
    registered_count INTEGER NOT NULL,
    state TEXT NOT NULL,
    rejection_reason TEXT,
    maker TEXT NOT NULL,
    checker TEXT,
    occurred_on DATE,
    late_entry_reason TEXT,
    job_id UUID,
    version INTEGER NOT NULL,
    uploaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT list_import_pkey PRIMARY KEY (id),
    CONSTRAINT list_import_four_eyes_check CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT list_import_state_check CHECK (state IN ('checked', 'approved', 'applied', 'rejected', 'withdrawn')),
    CONSTRAINT list_import_counts_check CHECK (rows_count = accepted_count + known_count + refused_count + registered_count)
);

CREATE UNIQUE INDEX list_import_once ON list_import (agency, content_index) WHERE state NOT IN ('rejected', 'withdrawn');

CREATE TABLE region (
    code TEXT COLLATE "C" NOT NULL, -- as the columns that refer to it
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    CONSTRAINT region_pkey PRIMARY KEY (code),
    CONSTRAINT region_level_check CHECK (level IN ('province', 'kabupaten', 'kecamatan', 'village'))
);

CREATE TABLE end_answer (
    id UUID NOT NULL,
    graduation_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    answer TEXT NOT NULL,
    ended_on DATE,
    refusal_reason TEXT,
    occurred_on DATE NOT NULL,
    late_entry_reason TEXT,
    maker TEXT NOT NULL,
    checker TEXT,
    state TEXT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT end_answer_pkey PRIMARY KEY (id),
    CONSTRAINT end_answer_four_eyes_check CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT end_answer_answer_check CHECK (answer IN ('end', 'refuse', 'restore')),
    CONSTRAINT end_answer_state_check CHECK (state IN ('proposed', 'approved', 'returned', 'overtaken')),
    CONSTRAINT end_answer_checked_check CHECK (state NOT IN ('approved', 'returned') OR checker IS NOT NULL),
    CONSTRAINT end_answer_graduation_id_fkey FOREIGN KEY(graduation_id) REFERENCES end_request (graduation_id)
);

CREATE UNIQUE INDEX end_answer_one_waiting ON end_answer (graduation_id) WHERE state = 'proposed';

CREATE TABLE identity (
    person_id UUID NOT NULL,
    nik_index BYTEA NOT NULL,
    family_id UUID NOT NULL,
    CONSTRAINT identity_pkey PRIMARY KEY (person_id),
    CONSTRAINT identity_nik_index_key UNIQUE (nik_index),
    CONSTRAINT identity_family_id_fkey FOREIGN KEY(family_id) REFERENCES family (id)
);

CREATE INDEX identity_family ON identity (family_id);

CREATE TABLE list_import_finding (
    import_id UUID NOT NULL,
    row_number INTEGER NOT NULL,
    code TEXT NOT NULL,
    column_name TEXT NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    severity TEXT NOT NULL,
    other_row_number INTEGER,
    CONSTRAINT list_import_finding_pkey PRIMARY KEY (import_id, row_number, code, column_name),
    CONSTRAINT list_import_finding_severity_check CHECK (severity IN ('refusal', 'warning')),
    CONSTRAINT list_import_finding_import_id_fkey FOREIGN KEY(import_id) REFERENCES list_import (id)
);

CREATE TABLE list_import_row (
    import_id UUID NOT NULL,
    row_number INTEGER NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    cells_sealed BYTEA,
    outcome TEXT NOT NULL,
    person_id UUID,
    CONSTRAINT list_import_row_pkey PRIMARY KEY (import_id, row_number),
    CONSTRAINT list_import_row_outcome_check CHECK (outcome IN ('accepted', 'known', 'refused', 'registered')),
    CONSTRAINT list_import_row_import_id_fkey FOREIGN KEY(import_id) REFERENCES list_import (id)
);

CREATE INDEX list_import_row_whole ON list_import_row (import_id) WHERE cells_sealed IS NOT NULL;

CREATE TABLE membership (
    id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    family_id UUID NOT NULL,
    scheme TEXT NOT NULL,
    since DATE,
    state TEXT NOT NULL,
    ended_on DATE,
    ended_by UUID,
    version INTEGER NOT NULL,
    CONSTRAINT membership_pkey PRIMARY KEY (id),
    CONSTRAINT membership_scheme_check CHECK (scheme IN ('pkh', 'sembako')),
    CONSTRAINT membership_ended_check CHECK ((state = 'ended') = (ended_on IS NOT NULL AND ended_by IS NOT NULL)),
    CONSTRAINT membership_state_check CHECK (state IN ('active', 'ended')),
    CONSTRAINT membership_family_id_scheme_key UNIQUE (family_id, scheme),
    CONSTRAINT membership_family_id_fkey FOREIGN KEY(family_id) REFERENCES family (id)
);

CREATE TABLE membership_change (
    membership_id UUID NOT NULL,
    version INTEGER NOT NULL,
    change TEXT NOT NULL,
    occurred_on DATE,
    cause_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT membership_change_pkey PRIMARY KEY (membership_id, version),
    CONSTRAINT membership_change_change_check CHECK (change IN ('started', 'ended', 'restored')),
    CONSTRAINT membership_change_membership_id_fkey FOREIGN KEY(membership_id) REFERENCES membership (id)
);

CREATE TABLE person (
    id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    nik_sealed BYTEA NOT NULL,
    name TEXT NOT NULL,
    birth_date DATE NOT NULL,
    female BOOLEAN,
    married BOOLEAN,
    address_sealed BYTEA,
    phone_sealed BYTEA,
    phone_index BYTEA,
    email_sealed BYTEA,
    decile SMALLINT NOT NULL,
    list_source TEXT NOT NULL,
    list_version TEXT NOT NULL,
    list_dated_on DATE NOT NULL,
    population_match TEXT NOT NULL,
    status TEXT NOT NULL,
    import_id UUID NOT NULL,
    version INTEGER NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT person_pkey PRIMARY KEY (id),
    CONSTRAINT person_decile_check CHECK (decile BETWEEN 1 AND 10),
    CONSTRAINT person_status_check CHECK (status IN ('active', 'deceased', 'moved_away')),
    CONSTRAINT person_id_fkey FOREIGN KEY(id) REFERENCES identity (person_id),
    CONSTRAINT person_region_code_fkey FOREIGN KEY(region_code) REFERENCES region (code),
    CONSTRAINT person_import_id_fkey FOREIGN KEY(import_id) REFERENCES list_import (id)
);

CREATE INDEX person_scope ON person (agency, region_code, id);

CREATE TABLE correction (
    id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    person_id UUID NOT NULL,
    field TEXT NOT NULL,
    old_value_sealed BYTEA NOT NULL,
    new_value_sealed BYTEA NOT NULL,
    list_source TEXT,
    list_version TEXT,
    list_dated_on DATE,
    reason TEXT NOT NULL,
    evidence_reference TEXT NOT NULL,
    occurred_on DATE NOT NULL,
    late_entry_reason TEXT,
    maker TEXT NOT NULL,
    checker TEXT,
    state TEXT NOT NULL,
    rejection_reason TEXT,
    version INTEGER NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT correction_pkey PRIMARY KEY (id),
    CONSTRAINT correction_four_eyes_check CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT correction_state_check CHECK (state IN ('proposed', 'approved', 'rejected', 'withdrawn')),
    CONSTRAINT correction_person_id_fkey FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE UNIQUE INDEX correction_one_open ON correction (person_id, field) WHERE state = 'proposed';

CREATE INDEX correction_person ON correction (person_id);

CREATE INDEX correction_scope ON correction (agency, region_code, id);

CREATE INDEX correction_in_state ON correction (state, agency, region_code, id);
