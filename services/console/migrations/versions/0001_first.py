"""First tables of the console's read model."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from chassis.migrations import guard, infrastructure

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROJECTION = "cases"


def upgrade() -> None:
    """Make the tables; only case files are read by scope, and everything else through them."""
    infrastructure.create()
    infrastructure.projection(PROJECTION, "console")
    _create_case_event()
    _create_sources()
    _create_case_file()
    guard(f"{PROJECTION}.case_file")


def _create_case_event() -> None:
    op.create_table(
        "case_event",
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid),
        sa.Column("person_id", sa.Uuid),
        sa.Column("programme_id", sa.Uuid),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_on", sa.Date, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text),
        sa.Column("facts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id", name="case_event_pkey"),
        schema=PROJECTION,
    )
    op.create_index("case_event_case", "case_event", ["case_id", "occurred_on", "recorded_at"], schema=PROJECTION)
    op.create_index(
        "case_event_person",
        "case_event",
        ["person_id"],
        schema=PROJECTION,
        postgresql_where=sa.text("case_id IS NULL"),
    )


def _create_sources() -> None:
    op.create_table(
        "programme",
        sa.Column("programme_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("programme_id", name="programme_pkey"),
        schema=PROJECTION,
    )
    op.create_table(
        "person_region",
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region_code", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="person_region_pkey"),
        schema=PROJECTION,
    )


def _create_case_file() -> None:
    op.create_table(
        "case_file",
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("programme_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("region_code", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="case_file_pkey"),
        schema=PROJECTION,
    )
    op.create_index("case_file_person", "case_file", ["person_id"], schema=PROJECTION)
    op.create_index("case_file_programme", "case_file", ["programme_id"], schema=PROJECTION)
    op.create_index(
        "case_file_scope",
        "case_file",
        ["agency", "region_code", "case_id"],
        schema=PROJECTION,
    )


def downgrade() -> None:
    """History goes forward only."""
    raise NotImplementedError("forward only")
