"""Tables of this service's own database; the migrations make the same, and a test compares the two."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()
_moment = DateTime(timezone=True)

template = Table(
    "template",
    metadata,
    Column("code", Text, primary_key=True),
    Column("latest_version", Integer, nullable=False),
)

template_version = Table(
    "template_version",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("code", Text, ForeignKey("template.code", name="template_version_code"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sms_text", Text, nullable=False),
    Column("mail_subject", Text, nullable=False),
    Column("mail_text", Text, nullable=False),
    Column("list_text", Text),
    Column("maker", Text, nullable=False),
    Column("created_at", _moment, nullable=False),
    UniqueConstraint("code", "version", name="template_version_once"),
)

term = Table(
    "term",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("created_at", _moment, nullable=False),
    UniqueConstraint("kind", "code", "version", name="term_once"),
    CheckConstraint("kind IN ('agency', 'course', 'package', 'item', 'place', 'region')", name="term_kind"),
)

message = Table(
    "message",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("cause_source", Text, nullable=False),
    Column("cause_id", UUID, nullable=False),
    Column("cause_sequence", Integer, nullable=False),
    Column("person_id", UUID, nullable=False),
    Column("programme_id", UUID, nullable=False),
    Column("case_id", UUID, nullable=False),
    Column("matter", Text, nullable=False),
    Column("subject_id", UUID, nullable=False),
    Column("group_id", UUID, nullable=False),
    Column("template_code", Text, nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("trace", JSONB, nullable=False),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("relevant_until", Date),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempts_count", Integer, nullable=False),
    Column("next_attempt_at", _moment),
    Column("reason", Text),
    Column("list_id", UUID),
    Column("created_at", _moment, nullable=False),
    UniqueConstraint("cause_source", "cause_id", name="message_once_per_cause"),
    ForeignKeyConstraint(
        ["template_code", "template_version"],
        ["template_version.code", "template_version.version"],
        name="message_template",
    ),
    CheckConstraint(
        "state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'listed', 'acknowledged', 'superseded')",
        name="message_state",
    ),
    CheckConstraint("(state = 'queued') = (next_attempt_at IS NOT NULL)", name="message_queued_is_due"),
    CheckConstraint("state NOT IN ('listed', 'acknowledged') OR list_id IS NOT NULL", name="message_listed_on_a_list"),
    Index("message_due", "next_attempt_at", "id", postgresql_where=text("state = 'queued'")),
    Index("message_person", "person_id"),
    Index("message_subject", "matter", "subject_id"),
    Index("message_scope", "agency", "region_code", "id"),
    Index("message_template", "template_code", "agency", "region_code", "id"),
    Index(
        "message_programme",
        "programme_id",
        "agency",
        "region_code",
        "id",
        postgresql_include=["template_code", "state"],
    ),
    Index("message_in_state", "state", "agency", "region_code", "id"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("message_id", UUID, ForeignKey("message.id", name="attempt_message"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("started_at", _moment, nullable=False),
    Column("ask_at", _moment),
    Column("sent_at", _moment),
    Column("settled_at", _moment),
    Column("vendor_code", Text),
    Column("segments", Integer),
    UniqueConstraint("message_id", "number", name="attempt_number_once"),
    CheckConstraint("channel IN ('sms', 'email')", name="attempt_channel"),
    CheckConstraint("state IN ('sending', 'sent', 'delivered', 'failed')", name="attempt_state"),
    Index("attempt_to_ask", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
)

printed_list = Table(
    "printed_list",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("programme_id", UUID, nullable=False),
    Column("matter", Text, nullable=False),
    Column("group_id", UUID, nullable=False),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("entries_count", Integer, nullable=False, server_default="0"),
    Column("created_at", _moment, nullable=False),
    CheckConstraint("state IN ('open', 'acknowledged', 'withdrawn')", name="printed_list_state"),
    Index(
        "printed_list_one_open",
        "agency",
        "programme_id",
        "matter",
        "group_id",
        "region_code",
        unique=True,
        postgresql_where=text("state = 'open' AND entries_count < 200"),
    ),
    Index("printed_list_scope", "agency", "region_code", "id"),
    Index("printed_list_in_state", "state", "agency", "region_code", "id"),
    Index("printed_list_programme", "programme_id", "agency", "region_code", "id"),
)

list_entry = Table(
    "list_entry",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("list_id", UUID, ForeignKey("printed_list.id", name="list_entry_list"), nullable=False),
    Column("message_id", UUID, ForeignKey("message.id", name="list_entry_message"), nullable=False),
    Column("listed_at", _moment, nullable=False),
    Column("withdrawn_at", _moment),
    Column("acknowledged_on", Date),
    Column("acknowledged_at", _moment),
    Column("acknowledged_by", Text),
    CheckConstraint("withdrawn_at IS NULL OR acknowledged_on IS NULL", name="list_entry_one_end"),
    Index(
        "list_entry_one_open",
        "list_id",
        "message_id",
        unique=True,
        postgresql_where=text("withdrawn_at IS NULL AND acknowledged_on IS NULL"),
    ),
    Index("list_entry_of", "list_id"),
)

ended_matter = Table(
    "ended_matter",
    metadata,
    Column("matter", Text, primary_key=True),
    Column("subject_id", UUID, primary_key=True),
    Column("sequence", Integer, nullable=False),
)

person_status = Table(
    "person_status",
    metadata,
    Column("person_id", UUID, primary_key=True),
    Column("active", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
)

contact_correction = Table(
    "contact_correction",
    metadata,
    Column("person_id", UUID, primary_key=True),
    Column("heard_at", _moment, nullable=False),
)
