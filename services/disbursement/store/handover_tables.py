"""The tables of handover sessions and their records. Names of officials are sealed (`_sealed`)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.disbursement.store.tables import metadata, moment, required

handover_session = Table(
    "handover_session",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("programme_id", Uuid, ForeignKey("programme.id"), nullable=False),
    required("agency", Text),
    required("region_code", Text),
    required("place_code", Text),
    required("place_name", Text),
    required("held_on", Date),
    required("symbolic", Boolean),
    required("state", Text),
    required("version", Integer),
    moment(),
    Index("ix_handover_session_scope", "agency", "region_code", "id"),
    Index(None, "programme_id"),
)

appointment = Table(
    "appointment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("session_id", Uuid, ForeignKey("handover_session.id"), nullable=False),
    Column("grant_id", Uuid, ForeignKey("aid_grant.id"), nullable=False),
    required("person_id", Uuid),
    required("state", Text),
    moment(),
    Index(None, "session_id"),
    Index("uq_appointment_expected", "grant_id", unique=True, postgresql_where=text("state = 'expected'")),
)

bast_serial = Table(
    "bast_serial",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    required("last_serial", Integer),
)

bast = Table(
    "bast",
    metadata,
    Column("id", Uuid, primary_key=True),
    required("agency", Text),
    required("region_code", Text),
    required("year", Integer),
    required("serial", Integer),
    required("number", Text),
    Column("grant_id", Uuid, ForeignKey("aid_grant.id"), nullable=False),
    required("person_id", Uuid),
    required("programme_id", Uuid),
    Column("session_id", Uuid, ForeignKey("handover_session.id"), nullable=False),
    required("occurred_on", Date),
    required("place_code", Text),
    required("place_name", Text),
    required("first_party_sealed", LargeBinary),
    required("first_party_position", Text),
    required("witness_sealed", LargeBinary),
    required("witness_position", Text),
    Column("photo_reference", Text),
    Column("replaces_bast_id", Uuid, ForeignKey("bast.id"), unique=True),
    required("state", Text),
    required("officer", Text),
    moment(),
    UniqueConstraint("agency", "year", "serial"),
    UniqueConstraint("agency", "number"),
    Index("uq_bast_valid", "grant_id", unique=True, postgresql_where=text("state = 'valid'")),
    Index("ix_bast_scope", "agency", "region_code", "id"),
    Index("ix_bast_in_state", "state", "agency", "region_code", "id"),
    Index(None, "grant_id"),
    Index(None, "session_id"),
    Index("ix_bast_programme_id", "programme_id", "agency", "region_code", "id"),
)

bast_item = Table(
    "bast_item",
    metadata,
    Column("bast_id", Uuid, ForeignKey("bast.id"), primary_key=True),
    Column("item_code", Text, primary_key=True),
    required("name", Text),
    required("quantity", Integer),
    required("unit_price_rupiah", BigInteger),
    required("condition", Text),
)

bast_void = Table(
    "bast_void",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("bast_id", Uuid, ForeignKey("bast.id"), nullable=False),
    required("agency", Text),
    required("region_code", Text),
    required("reason", Text),
    required("goods", Text),
    Column("loss_reason", Text),
    required("maker", Text),
    Column("checker", Text),
    required("state", Text),
    moment(),
    CheckConstraint("checker IS NULL OR checker <> maker", name="checker_is_another"),
    CheckConstraint("goods <> 'written_off' OR loss_reason IS NOT NULL", name="loss_is_explained"),
    Index("ix_bast_void_scope", "agency", "region_code", "id"),
    Index("ix_bast_void_in_state", "state", "agency", "region_code", "id"),
    Index(None, "bast_id"),
    Index("uq_bast_void_requested", "bast_id", unique=True, postgresql_where=text("state = 'requested'")),
)

bast_correction = Table(
    "bast_correction",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("bast_id", Uuid, ForeignKey("bast.id"), nullable=False),
    required("agency", Text),
    required("region_code", Text),
    required("reason", Text),
    required("maker", Text),
    Column("checker", Text),
    required("state", Text),
    moment(),
    CheckConstraint("checker IS NULL OR checker <> maker", name="checker_is_another"),
    Index("ix_bast_correction_scope", "agency", "region_code", "id"),
    Index("ix_bast_correction_in_state", "state", "agency", "region_code", "id"),
    Index(None, "bast_id"),
    Index("uq_bast_correction_requested", "bast_id", unique=True, postgresql_where=text("state = 'requested'")),
)

bast_correction_field = Table(
    "bast_correction_field",
    metadata,
    Column("correction_id", Uuid, ForeignKey("bast_correction.id"), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("detail", Text, primary_key=True),
    required("old_value_sealed", LargeBinary),
    required("new_value_sealed", LargeBinary),
)

handover_list = Table(
    "handover_list",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("session_id", Uuid, ForeignKey("handover_session.id"), nullable=False),
    required("agency", Text),
    required("region_code", Text),
    required("officer", Text),
    moment(),
)

handover_list_line = Table(
    "handover_list_line",
    metadata,
    Column("list_id", Uuid, ForeignKey("handover_list.id"), primary_key=True),
    Column("grant_id", Uuid, primary_key=True),
    Column("bast_id", Uuid),
    Column("refusal", Text),
    CheckConstraint("(bast_id IS NULL) <> (refusal IS NULL)", name="one_outcome"),
)
