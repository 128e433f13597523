"""Tables of the registry.

What identifies is sealed (`*_sealed`) and found by a keyed blind index (`*_index`); name and birth date stay clear,
because officers search by them (docs/decisions). Tables with `agency` and `region_code` are guarded by row-level
security; `family` and `identity` are not: they hold sealed values, keyed indexes and opaque ids only, and must be
unique across all agencies of the deployment.
"""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

FOUR_EYES = "checker IS NULL OR checker <> maker"


def _moment(name: str) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=False)


region = Table(
    "region",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    CheckConstraint("level IN ('province', 'kabupaten', 'kecamatan', 'village')", name="level"),
)

family = Table(
    "family",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("card_index", LargeBinary, nullable=False),
    Column("card_sealed", LargeBinary, nullable=False),
    _moment("registered_at"),
    UniqueConstraint("card_index"),
)

identity = Table(
    "identity",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("nik_index", LargeBinary, nullable=False),
    Column("family_id", Uuid, ForeignKey("family.id"), nullable=False),
    UniqueConstraint("nik_index"),
    Index("identity_family", "family_id"),
)

list_import = Table(
    "list_import",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("filename_sealed", LargeBinary, nullable=False),
    Column("content_index", LargeBinary, nullable=False),
    Column("list_source", Text, nullable=False),
    Column("list_version", Text, nullable=False),
    Column("list_dated_on", Date, nullable=False),
    Column("rows_count", Integer, nullable=False),
    Column("accepted_count", Integer, nullable=False),
    Column("known_count", Integer, nullable=False),
    Column("refused_count", Integer, nullable=False),
    Column("registered_count", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("rejection_reason", Text),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("occurred_on", Date),
    Column("late_entry_reason", Text),
    Column("job_id", Uuid),
    Column("version", Integer, nullable=False),
    _moment("uploaded_at"),
    CheckConstraint(FOUR_EYES, name="four_eyes"),
    CheckConstraint("state IN ('checked', 'approved', 'applied', 'rejected', 'withdrawn')", name="state"),
    CheckConstraint("rows_count = accepted_count + known_count + refused_count + registered_count", name="counts"),
    Index(
        "list_import_once",
        "agency",
        "content_index",
        unique=True,
        postgresql_where=text("state NOT IN ('rejected', 'withdrawn')"),
    ),
)

list_import_row = Table(
    "list_import_row",
    metadata,
    Column("import_id", Uuid, ForeignKey("list_import.id"), primary_key=True),
    Column("row_number", Integer, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("cells_sealed", LargeBinary),
    Column("outcome", Text, nullable=False),
    Column("person_id", Uuid),
    CheckConstraint("outcome IN ('accepted', 'known', 'refused', 'registered')", name="outcome"),
    Index("list_import_row_whole", "import_id", postgresql_where=text("cells_sealed IS NOT NULL")),
)

list_import_finding = Table(
    "list_import_finding",
    metadata,
    Column("import_id", Uuid, ForeignKey("list_import.id"), primary_key=True),
    Column("row_number", Integer, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("column_name", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("other_row_number", Integer),
    CheckConstraint("severity IN ('refusal', 'warning')", name="severity"),
)

person = Table(
    "person",
    metadata,
    Column("id", Uuid, ForeignKey("identity.person_id"), primary_key=True),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, ForeignKey("region.code"), nullable=False),
    Column("nik_sealed", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("female", Boolean),
    Column("married", Boolean),
    Column("address_sealed", LargeBinary),
    Column("phone_sealed", LargeBinary),
    Column("phone_index", LargeBinary),
    Column("email_sealed", LargeBinary),
    Column("decile", SmallInteger, nullable=False),
    Column("list_source", Text, nullable=False),
    Column("list_version", Text, nullable=False),
    Column("list_dated_on", Date, nullable=False),
    Column("population_match", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("import_id", Uuid, ForeignKey("list_import.id"), nullable=False),
    Column("version", Integer, nullable=False),
    _moment("registered_at"),
    CheckConstraint("decile BETWEEN 1 AND 10", name="decile"),
    CheckConstraint("status IN ('active', 'deceased', 'moved_away')", name="status"),
    Index("person_scope", "agency", "region_code", "id"),
)

correction = Table(
    "correction",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("person_id", Uuid, ForeignKey("person.id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("old_value_sealed", LargeBinary, nullable=False),
    Column("new_value_sealed", LargeBinary, nullable=False),
    Column("list_source", Text),
    Column("list_version", Text),
    Column("list_dated_on", Date),
    Column("reason", Text, nullable=False),
    Column("evidence_reference", Text, nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("late_entry_reason", Text),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("state", Text, nullable=False),
    Column("rejection_reason", Text),
    Column("version", Integer, nullable=False),
    _moment("proposed_at"),
    CheckConstraint(FOUR_EYES, name="four_eyes"),
    CheckConstraint("state IN ('proposed', 'approved', 'rejected', 'withdrawn')", name="state"),
    Index(
        "correction_one_open",
        "person_id",
        "field",
        unique=True,
        postgresql_where=text("state = 'proposed'"),
    ),
    Index("correction_person", "person_id"),
    Index("correction_scope", "agency", "region_code", "id"),
    Index("correction_in_state", "state", "agency", "region_code", "id"),
)

membership = Table(
    "membership",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("family_id", Uuid, ForeignKey("family.id"), nullable=False),
    Column("scheme", Text, nullable=False),
    Column("since", Date),
    Column("state", Text, nullable=False),
    Column("ended_on", Date),
    Column("ended_by", Uuid),
    Column("version", Integer, nullable=False),
    CheckConstraint("scheme IN ('pkh', 'sembako')", name="scheme"),
    CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL AND ended_by IS NOT NULL)", name="ended"),
    CheckConstraint("state IN ('active', 'ended')", name="state"),
    UniqueConstraint("family_id", "scheme"),
)

membership_change = Table(
    "membership_change",
    metadata,
    Column("membership_id", Uuid, ForeignKey("membership.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("change", Text, nullable=False),
    Column("occurred_on", Date),
    Column("cause_id", Uuid, nullable=False),
    _moment("recorded_at"),
    CheckConstraint("change IN ('started', 'ended', 'restored')", name="change"),
)

end_request = Table(
    "end_request",
    metadata,
    Column("graduation_id", Uuid, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("family_id", Uuid, nullable=False),
    Column("programme_id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("visits_count", Integer),
    Column("answer_due_on", Date),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    _moment("opened_at"),
    CheckConstraint("state IN ('open', 'ended', 'refused', 'cancelled', 'restored')", name="state"),
    Index("end_request_scope", "agency", "region_code", "graduation_id"),
    Index("end_request_in_state", "state", "agency", "region_code", "graduation_id"),
)

end_answer = Table(
    "end_answer",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("graduation_id", Uuid, ForeignKey("end_request.graduation_id"), nullable=False),
    Column("agency", Text, nullable=False),
    Column("region_code", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("ended_on", Date),
    Column("refusal_reason", Text),
    Column("occurred_on", Date, nullable=False),
    Column("late_entry_reason", Text),
    Column("maker", Text, nullable=False),
    Column("checker", Text),
    Column("state", Text, nullable=False),
    _moment("proposed_at"),
    CheckConstraint(FOUR_EYES, name="four_eyes"),
    CheckConstraint("answer IN ('end', 'refuse', 'restore')", name="answer"),
    CheckConstraint("state IN ('proposed', 'approved', 'returned', 'overtaken')", name="state"),
    CheckConstraint("state NOT IN ('approved', 'returned') OR checker IS NOT NULL", name="checked"),
    Index("end_answer_one_waiting", "graduation_id", unique=True, postgresql_where=text("state = 'proposed'")),
)

GUARDED = (
    list_import,
    list_import_row,
    list_import_finding,
    person,
    correction,
    membership,
    end_request,
    end_answer,
)
"""Tables under row-level security by agency and region."""
