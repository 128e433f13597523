"""First tables of disbursement, its ledger's guards, and row-level security on what officers read."""

from pathlib import Path

from chassis.migrations import guard, infrastructure, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DATA = Path(__file__).parent.parent / "data"
_GUARDED = (
    "programme",
    "purchase",
    "aid_grant",
    "proposal",
    "decree",
    "handover_session",
    "handover_list",
    "bast",
    "bast_void",
    "bast_correction",
    "posting",
    "decision_log",
)


def upgrade() -> None:
    """Make the tables and guard what officers read."""
    infrastructure.create()
    run_script((_DATA / "0001_tables.sql").read_text())
    for table in _GUARDED:
        guard(table)


def downgrade() -> None:
    """Not offered: data would be lost."""
    raise NotImplementedError("forward only")
