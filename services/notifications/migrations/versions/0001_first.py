"""Templates, terms, messages with their attempts, printed lists; version 1 of every template.

The region names are those of the five kecamatan of S4, from the MIT-licensed data set cahyadsn/wilayah.
"""

import csv
import tomllib
from pathlib import Path

import sqlalchemy as sa
from alembic import op

from chassis.ids import new_id
from chassis.migrations import guard, infrastructure, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DATA = Path(__file__).parent.parent / "data"

_TEMPLATES = """
CREATE TABLE template (
    code text PRIMARY KEY,
    latest_version integer NOT NULL
);
CREATE TABLE template_version (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT template_version_code REFERENCES template (code),
    version integer NOT NULL,
    sms_text text NOT NULL,
    mail_subject text NOT NULL,
    mail_text text NOT NULL,
    list_text text,
    maker text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT template_version_once UNIQUE (code, version)
);
CREATE TABLE term (
    id uuid PRIMARY KEY,
    kind text NOT NULL CONSTRAINT term_kind CHECK (kind IN ('agency', 'course', 'package', 'item', 'place', 'region')),
    code text NOT NULL,
    version integer NOT NULL,
    label text NOT NULL,
    maker text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT term_once UNIQUE (kind, code, version)
);
"""

_MESSAGES = """
CREATE TABLE message (
    id uuid PRIMARY KEY,
    cause_source text NOT NULL,
    cause_id uuid NOT NULL,
    cause_sequence integer NOT NULL,
    person_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    case_id uuid NOT NULL,
    matter text NOT NULL,
    subject_id uuid NOT NULL,
    group_id uuid NOT NULL,
    template_code text NOT NULL,
    template_version integer NOT NULL,
    facts jsonb NOT NULL,
    trace jsonb NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    relevant_until date,
    state text NOT NULL CONSTRAINT message_state CHECK (state IN
        ('queued', 'sending', 'sent', 'delivered', 'failed', 'listed', 'acknowledged', 'superseded')),
    version integer NOT NULL,
    attempts_count integer NOT NULL,
    next_attempt_at timestamptz,
    reason text,
    list_id uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT message_once_per_cause UNIQUE (cause_source, cause_id),
    CONSTRAINT message_template FOREIGN KEY (template_code, template_version)
        REFERENCES template_version (code, version),
    CONSTRAINT message_queued_is_due CHECK ((state = 'queued') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT message_listed_on_a_list CHECK (state NOT IN ('listed', 'acknowledged') OR list_id IS NOT NULL)
);
CREATE INDEX message_due ON message (next_attempt_at, id) WHERE state = 'queued';
CREATE INDEX message_person ON message (person_id);
CREATE INDEX message_subject ON message (matter, subject_id);
CREATE INDEX message_scope ON message (agency, region_code, id);
CREATE INDEX message_template ON message (template_code, agency, region_code, id);
CREATE INDEX message_programme ON message (programme_id, agency, region_code, id) INCLUDE (template_code, state);
CREATE INDEX message_in_state ON message (state, agency, region_code, id);

CREATE TABLE attempt (
    id uuid PRIMARY KEY,
    message_id uuid NOT NULL CONSTRAINT attempt_message REFERENCES message (id),
    number integer NOT NULL,
    channel text NOT NULL CONSTRAINT attempt_channel CHECK (channel IN ('sms', 'email')),
    state text NOT NULL CONSTRAINT attempt_state CHECK (state IN ('sending', 'sent', 'delivered', 'failed')),
    tries integer NOT NULL,
    started_at timestamptz NOT NULL,
    ask_at timestamptz,
    sent_at timestamptz,
    settled_at timestamptz,
    vendor_code text,
    segments integer,
    CONSTRAINT attempt_number_once UNIQUE (message_id, number)
);
COMMENT ON COLUMN attempt.id IS 'Client reference at the gateway: all tries are one message to it';
CREATE INDEX attempt_to_ask ON attempt (ask_at) WHERE ask_at IS NOT NULL;

CREATE TABLE ended_matter (
    matter text NOT NULL,
    subject_id uuid NOT NULL,
    sequence integer NOT NULL,
    PRIMARY KEY (matter, subject_id)
);
COMMENT ON TABLE ended_matter IS
    'Messages about the subject that were caused before this sequence of it need not be told any more';
CREATE TABLE person_status (
    person_id uuid PRIMARY KEY,
    active boolean NOT NULL,
    sequence integer NOT NULL
);
CREATE TABLE contact_correction (
    person_id uuid PRIMARY KEY,
    heard_at timestamptz NOT NULL
);
"""

_LISTS = """
CREATE TABLE printed_list (
    id uuid PRIMARY KEY,
    programme_id uuid NOT NULL,
    matter text NOT NULL,
    group_id uuid NOT NULL,
    agency text NOT NULL,
    region_code text NOT NULL,
    state text NOT NULL CONSTRAINT printed_list_state CHECK (state IN ('open', 'acknowledged', 'withdrawn')),
    version integer NOT NULL,
    entries_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);
COMMENT ON COLUMN printed_list.entries_count IS 'Entries ever made; a list that is full stays open and takes no more';
CREATE UNIQUE INDEX printed_list_one_open
    ON printed_list (agency, programme_id, matter, group_id, region_code)
    WHERE state = 'open' AND entries_count < 200;
CREATE INDEX printed_list_scope ON printed_list (agency, region_code, id);
CREATE INDEX printed_list_in_state ON printed_list (state, agency, region_code, id);
CREATE INDEX printed_list_programme ON printed_list (programme_id, agency, region_code, id);
CREATE TABLE list_entry (
    id uuid PRIMARY KEY,
    list_id uuid NOT NULL CONSTRAINT list_entry_list REFERENCES printed_list (id),
    message_id uuid NOT NULL CONSTRAINT list_entry_message REFERENCES message (id),
    listed_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    acknowledged_on date,
    acknowledged_at timestamptz,
    acknowledged_by text,
    CONSTRAINT list_entry_one_end CHECK (withdrawn_at IS NULL OR acknowledged_on IS NULL)
);
CREATE UNIQUE INDEX list_entry_one_open
    ON list_entry (list_id, message_id) WHERE withdrawn_at IS NULL AND acknowledged_on IS NULL;
CREATE INDEX list_entry_of ON list_entry (list_id);
"""

_NEVER_CHANGED = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is final', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER template_version_final BEFORE UPDATE OR DELETE ON template_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER term_final BEFORE UPDATE OR DELETE ON term
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempt_final BEFORE UPDATE ON attempt
    FOR EACH ROW WHEN (old.state IN ('delivered', 'failed') AND new.state <> old.state)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER message_final BEFORE UPDATE ON message
    FOR EACH ROW WHEN (old.state IN ('delivered', 'acknowledged', 'superseded') AND new.state <> old.state)
    EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    infrastructure.create()
    for script in (_TEMPLATES, _MESSAGES, _LISTS, _NEVER_CHANGED):
        run_script(script)
    guard("message")
    guard("printed_list")
    _seed_templates()
    _seed_terms()


def downgrade() -> None:
    raise NotImplementedError("forward only")


def _seed_templates() -> None:
    first = tomllib.loads((_DATA / "first_templates.toml").read_text(encoding="utf-8"))
    insert = sa.text(
        "INSERT INTO template_version (id, code, version, sms_text, mail_subject, mail_text, list_text, maker,"
        " created_at) VALUES (:id, :code, 1, :sms_text, :mail_subject, :mail_text, :list_text, 'migration', now())"
    )
    for code, texts in first.items():
        op.get_bind().execute(sa.text("INSERT INTO template VALUES (:code, 1)"), {"code": code})
        row = {"id": new_id(), "code": code, "list_text": texts.get("list_text")}
        op.get_bind().execute(insert, row | {key: texts[key] for key in ("sms_text", "mail_subject", "mail_text")})


def _seed_terms() -> None:
    insert = sa.text(
        "INSERT INTO term (id, kind, code, version, label, maker, created_at)"
        " VALUES (:id, :kind, :code, 1, :label, 'migration', now())"
    )
    with (_DATA / "first_terms.csv").open(encoding="utf-8", newline="") as file:
        op.get_bind().execute(insert, [{"id": new_id(), **row} for row in csv.DictReader(file)])
