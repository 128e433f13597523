-- The tables of disbursement, as `store` declares them, and the guards of its ledger.

CREATE TABLE bast_serial (
    agency TEXT NOT NULL,
    year INTEGER NOT NULL,
    last_serial INTEGER NOT NULL,
    CONSTRAINT pk_bast_serial PRIMARY KEY (agency, year)
);

CREATE TABLE decision_log (
    id UUID NOT NULL,
    act TEXT NOT NULL,
    officer TEXT NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    programme_id UUID NOT NULL,
    grant_id UUID,
    person_id UUID,
    reference_id UUID,
    document_number TEXT,
    reason TEXT,
    amount_rupiah BIGINT,
    occurred_on DATE NOT NULL,
    late_entry_reason TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_decision_log PRIMARY KEY (id)
);
CREATE INDEX ix_decision_log_grant_id ON decision_log (grant_id);
CREATE INDEX ix_decision_log_officer ON decision_log (officer);
CREATE INDEX ix_decision_log_person_id ON decision_log (person_id);

CREATE TABLE enrolment (
    enrolment_id UUID NOT NULL,
    person_id UUID NOT NULL,
    programme_id UUID NOT NULL,
    course_code TEXT NOT NULL,
    state TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_enrolment PRIMARY KEY (enrolment_id)
);
CREATE INDEX ix_enrolment_person_id_programme_id ON enrolment (person_id, programme_id);
CREATE INDEX ix_enrolment_programme_id ON enrolment (programme_id, person_id);

CREATE TABLE other_aid (
    assistance_id UUID NOT NULL,
    person_id UUID NOT NULL,
    agency TEXT NOT NULL,
    fiscal_year INTEGER NOT NULL,
    package_code TEXT NOT NULL,
    amount_rupiah BIGINT NOT NULL,
    occurred_on DATE NOT NULL,
    sequence BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_other_aid PRIMARY KEY (assistance_id)
);
CREATE INDEX ix_other_aid_person_id ON other_aid (person_id);

CREATE TABLE refused_assistance (
    id UUID NOT NULL,
    assistance_id UUID NOT NULL,
    person_id UUID NOT NULL,
    agency TEXT NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_refused_assistance PRIMARY KEY (id)
);

CREATE TABLE person (
    person_id UUID NOT NULL,
    family_id UUID NOT NULL,
    region_code TEXT NOT NULL,
    decile INTEGER NOT NULL,
    list_source TEXT NOT NULL,
    list_version TEXT NOT NULL,
    list_dated_on DATE NOT NULL,
    status TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (person_id)
);
CREATE INDEX ix_person_decile ON person (decile, person_id, family_id);
CREATE INDEX ix_person_family_id ON person (family_id);

CREATE TABLE programme (
    id UUID NOT NULL,
    code TEXT NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    fiscal_year INTEGER NOT NULL,
    program_code TEXT NOT NULL,
    program_name TEXT NOT NULL,
    activity_code TEXT NOT NULL,
    activity_name TEXT NOT NULL,
    sub_activity_code TEXT NOT NULL,
    sub_activity_name TEXT NOT NULL,
    highest_decile INTEGER NOT NULL,
    budget_rupiah BIGINT NOT NULL,
    available_rupiah BIGINT NOT NULL,
    unspent_rupiah BIGINT NOT NULL,
    opened_on DATE NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_programme PRIMARY KEY (id),
    CONSTRAINT uq_programme_agency_fiscal_year_code UNIQUE (agency, fiscal_year, code),
    CONSTRAINT ck_programme_never_overspent CHECK (available_rupiah >= 0 AND available_rupiah <= budget_rupiah),
    CONSTRAINT ck_programme_never_overbought CHECK (unspent_rupiah >= 0 AND unspent_rupiah <= budget_rupiah)
);

CREATE INDEX ix_programme_scope ON programme (agency, region_code, id);

CREATE TABLE handover_session (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    place_code TEXT NOT NULL,
    place_name TEXT NOT NULL,
    held_on DATE NOT NULL,
    symbolic BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_handover_session PRIMARY KEY (id),
    CONSTRAINT fk_handover_session_programme_id FOREIGN KEY(programme_id) REFERENCES programme (id)
);

CREATE INDEX ix_handover_session_scope ON handover_session (agency, region_code, id);
CREATE INDEX ix_handover_session_programme_id ON handover_session (programme_id);

CREATE TABLE package (
    programme_id UUID NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    course_code TEXT NOT NULL,
    unit_price_rupiah BIGINT NOT NULL,
    planned_count INTEGER NOT NULL,
    CONSTRAINT pk_package PRIMARY KEY (programme_id, code),
    CONSTRAINT uq_package_programme_id_course_code UNIQUE (programme_id, course_code),
    CONSTRAINT ck_package_has_price CHECK (unit_price_rupiah > 0),
    CONSTRAINT fk_package_programme_id FOREIGN KEY(programme_id) REFERENCES programme (id)
);

CREATE TABLE posting (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    grant_id UUID,
    reference_id UUID,
    officer TEXT NOT NULL,
    occurred_on DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_posting PRIMARY KEY (id),
    CONSTRAINT fk_posting_programme_id FOREIGN KEY(programme_id) REFERENCES programme (id)
);
CREATE INDEX ix_posting_grant_id ON posting (grant_id);
CREATE INDEX ix_posting_programme_id ON posting (programme_id, id) INCLUDE (agency, region_code, kind);

CREATE TABLE proposal (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    maker TEXT NOT NULL,
    checker TEXT,
    penetap TEXT,
    amends_decree_id UUID,
    lines_count INTEGER NOT NULL,
    return_reason TEXT,
    acted_on DATE NOT NULL,
    job_id UUID,
    version INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_proposal PRIMARY KEY (id),
    CONSTRAINT ck_proposal_checker_is_another CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT ck_proposal_penetap_is_another CHECK (penetap IS NULL OR (checker IS NOT NULL AND penetap <> maker AND penetap <> checker)),
    CONSTRAINT fk_proposal_programme_id FOREIGN KEY(programme_id) REFERENCES programme (id)
);

CREATE INDEX ix_proposal_scope ON proposal (agency, region_code, id);
CREATE INDEX ix_proposal_programme_id ON proposal (programme_id);
CREATE UNIQUE INDEX uq_proposal_collecting ON proposal (programme_id) WHERE state = 'collecting';

CREATE TABLE aid_grant (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    person_id UUID NOT NULL,
    family_id UUID NOT NULL,
    package_code TEXT NOT NULL,
    amount_rupiah BIGINT NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    state TEXT NOT NULL,
    from_reserve_list BOOLEAN NOT NULL,
    replaces_grant_id UUID,
    proposal_id UUID,
    decree_id UUID,
    decided_on DATE,
    bast_id UUID,
    ended_reason TEXT,
    version INTEGER NOT NULL,
    acted_on DATE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_aid_grant PRIMARY KEY (id),
    CONSTRAINT fk_aid_grant_programme_id_package_code FOREIGN KEY(programme_id, package_code) REFERENCES package (programme_id, code),
    CONSTRAINT ck_aid_grant_handed_over_has_bast CHECK ((state = 'handed_over') = (bast_id IS NOT NULL)),
    CONSTRAINT fk_aid_grant_programme_id FOREIGN KEY(programme_id) REFERENCES programme (id),
    CONSTRAINT uq_aid_grant_replaces_grant_id UNIQUE (replaces_grant_id)
);

CREATE INDEX ix_aid_grant_scope ON aid_grant (agency, region_code, id);
CREATE INDEX ix_aid_grant_in_state ON aid_grant (state, agency, region_code, id);
CREATE INDEX ix_aid_grant_person ON aid_grant (person_id, programme_id);
CREATE INDEX ix_aid_grant_proposal_id ON aid_grant (proposal_id, id);
CREATE INDEX ix_aid_grant_state ON aid_grant (programme_id, state, id);
CREATE UNIQUE INDEX uq_aid_grant_family ON aid_grant (programme_id, family_id) WHERE state NOT IN ('released', 'cancelled');

CREATE TABLE amendment_line (
    proposal_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    reason TEXT NOT NULL,
    substitute_person_id UUID,
    CONSTRAINT pk_amendment_line PRIMARY KEY (proposal_id, grant_id),
    CONSTRAINT uq_amendment_line_proposal_id_substitute_person_id UNIQUE (proposal_id, substitute_person_id),
    CONSTRAINT fk_amendment_line_proposal_id FOREIGN KEY(proposal_id) REFERENCES proposal (id)
);

CREATE TABLE decree (
    id UUID NOT NULL,
    proposal_id UUID NOT NULL,
    programme_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    number TEXT NOT NULL,
    decree_on DATE NOT NULL,
    annex_reference TEXT NOT NULL,
    penetap TEXT NOT NULL,
    amends_decree_id UUID,
    lines_count INTEGER NOT NULL,
    in_force BOOLEAN NOT NULL,
    job_id UUID,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_decree PRIMARY KEY (id),
    CONSTRAINT uq_decree_agency_number UNIQUE (agency, number),
    CONSTRAINT uq_decree_proposal_id UNIQUE (proposal_id),
    CONSTRAINT fk_decree_proposal_id FOREIGN KEY(proposal_id) REFERENCES proposal (id)
);

CREATE INDEX ix_decree_scope ON decree (agency, region_code, id);
CREATE INDEX ix_decree_programme_id ON decree (programme_id);

CREATE TABLE handover_list (
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    officer TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_handover_list PRIMARY KEY (id),
    CONSTRAINT fk_handover_list_session_id FOREIGN KEY(session_id) REFERENCES handover_session (id)
);

CREATE TABLE ledger_entry (
    posting_id UUID NOT NULL,
    account TEXT NOT NULL,
    amount_rupiah BIGINT NOT NULL,
    CONSTRAINT pk_ledger_entry PRIMARY KEY (posting_id, account),
    CONSTRAINT ck_ledger_entry_not_zero CHECK (amount_rupiah <> 0),
    CONSTRAINT fk_ledger_entry_posting_id FOREIGN KEY(posting_id) REFERENCES posting (id)
);

CREATE TABLE package_item (
    programme_id UUID NOT NULL,
    package_code TEXT NOT NULL,
    item_code TEXT NOT NULL,
    name TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price_rupiah BIGINT NOT NULL,
    CONSTRAINT pk_package_item PRIMARY KEY (programme_id, package_code, item_code),
    CONSTRAINT fk_package_item_programme_id_package_code FOREIGN KEY(programme_id, package_code) REFERENCES package (programme_id, code),
    CONSTRAINT ck_package_item_counts CHECK (quantity > 0 AND unit_price_rupiah >= 0)
);

CREATE TABLE purchase (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    package_code TEXT NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    count INTEGER NOT NULL,
    unit_price_rupiah BIGINT NOT NULL,
    document_number TEXT NOT NULL,
    officer TEXT NOT NULL,
    occurred_on DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_purchase PRIMARY KEY (id),
    CONSTRAINT fk_purchase_programme_id_package_code FOREIGN KEY(programme_id, package_code) REFERENCES package (programme_id, code),
    CONSTRAINT ck_purchase_counts CHECK (count > 0 AND unit_price_rupiah > 0)
);

CREATE TABLE reserve_candidate (
    id UUID NOT NULL,
    programme_id UUID NOT NULL,
    person_id UUID NOT NULL,
    package_code TEXT NOT NULL,
    position INTEGER NOT NULL,
    grant_id UUID,
    officer TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_reserve_candidate PRIMARY KEY (id),
    CONSTRAINT uq_reserve_candidate_programme_id_person_id UNIQUE (programme_id, person_id),
    CONSTRAINT uq_reserve_candidate_programme_id_position UNIQUE (programme_id, position),
    CONSTRAINT fk_reserve_candidate_programme_id_package_code FOREIGN KEY(programme_id, package_code) REFERENCES package (programme_id, code)
);
CREATE INDEX ix_reserve_candidate_person_id ON reserve_candidate (person_id);

CREATE TABLE stock (
    programme_id UUID NOT NULL,
    package_code TEXT NOT NULL,
    bought_count INTEGER NOT NULL,
    in_stock_count INTEGER NOT NULL,
    handed_over_count INTEGER NOT NULL,
    written_off_count INTEGER NOT NULL,
    CONSTRAINT pk_stock PRIMARY KEY (programme_id, package_code),
    CONSTRAINT fk_stock_programme_id_package_code FOREIGN KEY(programme_id, package_code) REFERENCES package (programme_id, code),
    CONSTRAINT ck_stock_not_negative CHECK (in_stock_count >= 0 AND handed_over_count >= 0 AND written_off_count >= 0),
    CONSTRAINT ck_stock_adds_up CHECK (bought_count = in_stock_count + handed_over_count + written_off_count)
);

CREATE TABLE appointment (
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    person_id UUID NOT NULL,
    state TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_appointment PRIMARY KEY (id),
    CONSTRAINT fk_appointment_session_id FOREIGN KEY(session_id) REFERENCES handover_session (id),
    CONSTRAINT fk_appointment_grant_id FOREIGN KEY(grant_id) REFERENCES aid_grant (id)
);
CREATE INDEX ix_appointment_session_id ON appointment (session_id);
CREATE UNIQUE INDEX uq_appointment_expected ON appointment (grant_id) WHERE state = 'expected';

CREATE TABLE bast (
    id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    year INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    number TEXT NOT NULL,
    grant_id UUID NOT NULL,
    person_id UUID NOT NULL,
    programme_id UUID NOT NULL,
    session_id UUID NOT NULL,
    occurred_on DATE NOT NULL,
    place_code TEXT NOT NULL,
    place_name TEXT NOT NULL,
    first_party_sealed BYTEA NOT NULL,
    first_party_position TEXT NOT NULL,
    witness_sealed BYTEA NOT NULL,
    witness_position TEXT NOT NULL,
    photo_reference TEXT,
    replaces_bast_id UUID,
    state TEXT NOT NULL,
    officer TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_bast PRIMARY KEY (id),
    CONSTRAINT uq_bast_agency_year_serial UNIQUE (agency, year, serial),
    CONSTRAINT uq_bast_agency_number UNIQUE (agency, number),
    CONSTRAINT fk_bast_grant_id FOREIGN KEY(grant_id) REFERENCES aid_grant (id),
    CONSTRAINT fk_bast_session_id FOREIGN KEY(session_id) REFERENCES handover_session (id),
    CONSTRAINT uq_bast_replaces_bast_id UNIQUE (replaces_bast_id),
    CONSTRAINT fk_bast_replaces_bast_id FOREIGN KEY(replaces_bast_id) REFERENCES bast (id)
);

CREATE INDEX ix_bast_scope ON bast (agency, region_code, id);
CREATE INDEX ix_bast_in_state ON bast (state, agency, region_code, id);
CREATE INDEX ix_bast_grant_id ON bast (grant_id);
CREATE INDEX ix_bast_programme_id ON bast (programme_id, agency, region_code, id);
CREATE INDEX ix_bast_session_id ON bast (session_id);
CREATE UNIQUE INDEX uq_bast_valid ON bast (grant_id) WHERE state = 'valid';

CREATE TABLE handover_list_line (
    list_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    bast_id UUID,
    refusal TEXT,
    CONSTRAINT pk_handover_list_line PRIMARY KEY (list_id, grant_id),
    CONSTRAINT ck_handover_list_line_one_outcome CHECK ((bast_id IS NULL) <> (refusal IS NULL)),
    CONSTRAINT fk_handover_list_line_list_id FOREIGN KEY(list_id) REFERENCES handover_list (id)
);

CREATE TABLE bast_correction (
    id UUID NOT NULL,
    bast_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    reason TEXT NOT NULL,
    maker TEXT NOT NULL,
    checker TEXT,
    state TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_bast_correction PRIMARY KEY (id),
    CONSTRAINT ck_bast_correction_checker_is_another CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT fk_bast_correction_bast_id FOREIGN KEY(bast_id) REFERENCES bast (id)
);

CREATE INDEX ix_bast_correction_scope ON bast_correction (agency, region_code, id);
CREATE INDEX ix_bast_correction_in_state ON bast_correction (state, agency, region_code, id);
CREATE INDEX ix_bast_correction_bast_id ON bast_correction (bast_id);
CREATE UNIQUE INDEX uq_bast_correction_requested ON bast_correction (bast_id) WHERE state = 'requested';

CREATE TABLE bast_item (
    bast_id UUID NOT NULL,
    item_code TEXT NOT NULL,
    name TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price_rupiah BIGINT NOT NULL,
    condition TEXT NOT NULL,
    CONSTRAINT pk_bast_item PRIMARY KEY (bast_id, item_code),
    CONSTRAINT fk_bast_item_bast_id FOREIGN KEY(bast_id) REFERENCES bast (id)
);

CREATE TABLE bast_void (
    id UUID NOT NULL,
    bast_id UUID NOT NULL,
    agency TEXT NOT NULL,
    region_code TEXT NOT NULL,
    reason TEXT NOT NULL,
    goods TEXT NOT NULL,
    loss_reason TEXT,
    maker TEXT NOT NULL,
    checker TEXT,
    state TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_bast_void PRIMARY KEY (id),
    CONSTRAINT ck_bast_void_checker_is_another CHECK (checker IS NULL OR checker <> maker),
    CONSTRAINT ck_bast_void_loss_is_explained CHECK (goods <> 'written_off' OR loss_reason IS NOT NULL),
    CONSTRAINT fk_bast_void_bast_id FOREIGN KEY(bast_id) REFERENCES bast (id)
);

CREATE INDEX ix_bast_void_scope ON bast_void (agency, region_code, id);
CREATE INDEX ix_bast_void_in_state ON bast_void (state, agency, region_code, id);
CREATE INDEX ix_bast_void_bast_id ON bast_void (bast_id);
CREATE UNIQUE INDEX uq_bast_void_requested ON bast_void (bast_id) WHERE state = 'requested';

CREATE TABLE bast_correction_field (
    correction_id UUID NOT NULL,
    field TEXT NOT NULL,
    detail TEXT NOT NULL,
    old_value_sealed BYTEA NOT NULL,
    new_value_sealed BYTEA NOT NULL,
    CONSTRAINT pk_bast_correction_field PRIMARY KEY (correction_id, field, detail),
    CONSTRAINT fk_bast_correction_field_correction_id FOREIGN KEY(correction_id) REFERENCES bast_correction (id)
);

-- Money: every statement that adds entries adds balanced postings, and nothing written is ever changed.
CREATE FUNCTION refuse_unbalanced_posting() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added GROUP BY posting_id HAVING sum(amount_rupiah) <> 0) THEN
        RAISE EXCEPTION 'the entries of a posting must sum to 0' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER balanced AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_posting();

CREATE FUNCTION refuse_rewriting() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entry, posting, decision_log FROM %I, %I',
                   replace(current_user, '_owner', '_app'), replace(current_user, '_owner', '_worker'));
END $$;
