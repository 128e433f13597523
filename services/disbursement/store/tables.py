"""The tables of programmes, grants and money; those heard and handed over are in the modules beside."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
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
    Uuid,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

ACTIVE = text("state NOT IN ('released', 'cancelled')")
"""A grant that holds its family's place."""


def moment(name: str = "recorded_at") -> Column[datetime]:
    """A UTC moment that is always known."""
    return Column(name, DateTime(timezone=True), nullable=False)


def required(name: str, kind: type[TypeEngine[Any]]) -> Column[Any]:
    """A column that is never null."""
    return Column(name, kind, nullable=False)


programme = Table(
    "programme",
    metadata,
    Column("id", Uuid, primary_key=True),
    required("code", Text),
    required("agency", Text),
    required("region_code", Text),
    required("fiscal_year", Integer),
    required("program_code", Text),
    required("program_name", Text),
    required("activity_code", Text),
    required("activity_name", Text),
    required("sub_activity_code", Text),
    required("sub_activity_name", Text),
    required("highest_decile", Integer),
    required("budget_rupiah", BigInteger),
    required("available_rupiah", BigInteger),
    required("unspent_rupiah", BigInteger),
    required("opened_on", Date),
    required("version", Integer),
    UniqueConstraint("agency", "fiscal_year", "code"),
    CheckConstraint("available_rupiah >= 0 AND available_rupiah <= budget_rupiah", name="never_overspent"),
    CheckConstraint("unspent_rupiah >= 0 AND unspent_rupiah <= budget_rupiah", name="never_overbought"),
    Index("ix_programme_scope", "agency", "region_code", "id"),
)

package = Table(
    "package",
    metadata,
    Column("programme_id", Uuid, ForeignKey("programme.id"), primary_key=True),
    Column("code", Text, primary_key=True),
    required("name", Text),
    required("course_code", Text),
    required("unit_price_rupiah", BigInteger),
    required("planned_count", Integer),
    UniqueConstraint("programme_id", "course_code"),
    CheckConstraint("unit_price_rupiah > 0", name="has_price"),
)

package_item = Table(
    "package_item",
    metadata,
    Column("programme_id", Uuid, primary_key=True),
    Column("package_code", Text, primary_key=True),
    Column("item_code", Text, primary_key=True),
    required("name", Text),
    required("quantity", Integer),
    required("unit_price_rupiah", BigInteger),
    ForeignKeyConstraint(["programme_id", "package_code"], ["package.programme_id", "package.code"]),
    CheckConstraint("quantity > 0 AND unit_price_rupiah >= 0", name="counts"),
)

stock = Table(
    "stock",
    metadata,
    Column("programme_id", Uuid, primary_key=True),
    Column("package_code", Text, primary_key=True),
    required("bought_count", Integer),
    required("in_stock_count", Integer),
    required("handed_over_count", Integer),
    required("written_off_count", Integer),
    ForeignKeyConstraint(["programme_id", "package_code"], ["package.programme_id", "package.code"]),
    CheckConstraint("in_stock_count >= 0 AND handed_over_count >= 0 AND written_off_count >= 0", name="not_negative"),
    CheckConstraint("bought_count = in_stock_count + handed_over_count + written_off_count", name="adds_up"),
)

purchase = Table(
    "purchase",
    metadata,
    Column("id", Uuid, primary_key=True),
    required("programme_id", Uuid),
    required("package_code", Text),
    required("agency", Text),
    required("region_code", Text),
    required("count", Integer),
    required("unit_price_rupiah", BigInteger),
    required("document_number", Text),
    required("officer", Text),
    required("occurred_on", Date),
    moment(),
    ForeignKeyConstraint(["programme_id", "package_code"], ["package.programme_id", "package.code"]),
    CheckConstraint("count > 0 AND unit_price_rupiah > 0", name="counts"),
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("programme_id", Uuid, ForeignKey("programme.id"), nullable=False),
    required("agency", Text),
    required("region_code", Text),
    required("kind", Text),
    required("state", Text),
    required("maker", Text),
    Column("checker", Text),
    Column("penetap", Text),
    Column("amends_decree_id", Uuid),
    required("lines_count", Integer),
    Column("return_reason", Text),
    required("acted_on", Date),
    Column("job_id", Uuid),
    required("version", Integer),
    moment(),
    CheckConstraint("checker IS NULL OR checker <> maker", name="checker_is_another"),
    CheckConstraint(
        "penetap IS NULL OR (checker IS NOT NULL AND penetap <> maker AND penetap <> checker)",
        name="penetap_is_another",
    ),
    Index("ix_proposal_scope", "agency", "region_code", "id"),
    Index(None, "programme_id"),
    Index("uq_proposal_collecting", "programme_id", unique=True, postgresql_where=text("state = 'collecting'")),
)

amendment_line = Table(
    "amendment_line",
    metadata,
    Column("proposal_id", Uuid, ForeignKey("proposal.id"), primary_key=True),
    Column("grant_id", Uuid, primary_key=True),
    required("reason", Text),
    Column("substitute_person_id", Uuid),
    UniqueConstraint("proposal_id", "substitute_person_id"),
)

decree = Table(
    "decree",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("proposal_id", Uuid, ForeignKey("proposal.id"), nullable=False, unique=True),
    required("programme_id", Uuid),
    required("agency", Text),
    required("region_code", Text),
    required("number", Text),
    required("decree_on", Date),
    required("annex_reference", Text),
    required("penetap", Text),
    Column("amends_decree_id", Uuid),
    required("lines_count", Integer),
    required("in_force", Boolean),
    Column("job_id", Uuid),
    moment(),
    UniqueConstraint("agency", "number"),
    Index("ix_decree_scope", "agency", "region_code", "id"),
    Index(None, "programme_id"),
)

aid_grant = Table(
    "aid_grant",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("programme_id", Uuid, ForeignKey("programme.id"), nullable=False),
    required("person_id", Uuid),
    required("family_id", Uuid),
    required("package_code", Text),
    required("amount_rupiah", BigInteger),
    required("agency", Text),
    required("region_code", Text),
    required("state", Text),
    required("from_reserve_list", Boolean),
    Column("replaces_grant_id", Uuid, unique=True),
    Column("proposal_id", Uuid),
    Column("decree_id", Uuid),
    Column("decided_on", Date),
    Column("bast_id", Uuid),
    Column("ended_reason", Text),
    required("version", Integer),
    required("acted_on", Date),
    moment("changed_at"),
    ForeignKeyConstraint(["programme_id", "package_code"], ["package.programme_id", "package.code"]),
    CheckConstraint("(state = 'handed_over') = (bast_id IS NOT NULL)", name="handed_over_has_bast"),
    Index("uq_aid_grant_family", "programme_id", "family_id", unique=True, postgresql_where=ACTIVE),
    Index("ix_aid_grant_state", "programme_id", "state", "id"),
    Index("ix_aid_grant_scope", "agency", "region_code", "id"),
    Index("ix_aid_grant_in_state", "state", "agency", "region_code", "id"),
    Index("ix_aid_grant_person", "person_id", "programme_id"),
    Index("ix_aid_grant_proposal_id", "proposal_id", "id"),
)

reserve_candidate = Table(
    "reserve_candidate",
    metadata,
    Column("id", Uuid, primary_key=True),
    required("programme_id", Uuid),
    required("person_id", Uuid),
    required("package_code", Text),
    required("position", Integer),
    Column("grant_id", Uuid),
    required("officer", Text),
    moment(),
    UniqueConstraint("programme_id", "person_id"),
    UniqueConstraint("programme_id", "position"),
    ForeignKeyConstraint(["programme_id", "package_code"], ["package.programme_id", "package.code"]),
    Index(None, "person_id"),
)

decision_log = Table(
    "decision_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    required("act", Text),
    required("officer", Text),
    required("agency", Text),
    required("region_code", Text),
    required("programme_id", Uuid),
    Column("grant_id", Uuid),
    Column("person_id", Uuid),
    Column("reference_id", Uuid),
    Column("document_number", Text),
    Column("reason", Text),
    Column("amount_rupiah", BigInteger),
    required("occurred_on", Date),
    Column("late_entry_reason", Text),
    moment(),
    Index(None, "grant_id"),
    Index(None, "person_id"),
    Index(None, "officer"),
)

posting = Table(
    "posting",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("programme_id", Uuid, ForeignKey("programme.id"), nullable=False),
    required("agency", Text),
    required("region_code", Text),
    required("kind", Text),
    Column("grant_id", Uuid),
    Column("reference_id", Uuid),
    required("officer", Text),
    required("occurred_on", Date),
    moment(),
    Index("ix_posting_programme_id", "programme_id", "id", postgresql_include=["agency", "region_code", "kind"]),
    Index(None, "grant_id"),
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("posting_id", Uuid, ForeignKey("posting.id"), primary_key=True),
    Column("account", Text, primary_key=True),
    required("amount_rupiah", BigInteger),
    CheckConstraint("amount_rupiah <> 0", name="not_zero"),
)
