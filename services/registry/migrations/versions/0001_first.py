"""First tables of the registry, and the regions it knows."""

import csv
from pathlib import Path

from alembic import op
from sqlalchemy import text

from chassis.migrations import guard, infrastructure, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DATA = Path(__file__).parent.parent / "data"
_GUARDED = (
    "list_import",
    "list_import_row",
    "list_import_finding",
    "person",
    "correction",
    "membership",
    "end_request",
    "end_answer",
)


def upgrade() -> None:
    """Make the tables, load the region codes, guard what officers read."""
    infrastructure.create()
    run_script((_DATA / "0001_tables.sql").read_text())
    lines = (_DATA / "0001_regions.csv").read_text().splitlines()
    regions = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    op.get_bind().execute(text("INSERT INTO region (code, name, level) VALUES (:code, :name, :level)"), regions)
    for table in _GUARDED:
        guard(table)


def downgrade() -> None:
    """Not offered: data would be lost."""
    raise NotImplementedError("forward only")
