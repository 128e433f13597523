"""Accounts."""

from chassis.migrations import guard, infrastructure, run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    infrastructure.create()
    run_script(
        """
        CREATE TABLE account (
            id uuid PRIMARY KEY,
            balance_rupiah bigint NOT NULL DEFAULT 0,
            closed boolean NOT NULL DEFAULT false,
            version integer NOT NULL DEFAULT 1,
            agency text NOT NULL DEFAULT 'dinsos',
            region_code text NOT NULL DEFAULT '33.28'
        );
        """
    )
    guard("account")
