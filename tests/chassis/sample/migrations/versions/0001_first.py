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
            region_code text COLLATE "C" NOT NULL DEFAULT '33.28',
            state text NOT NULL DEFAULT 'open'
        );
        CREATE INDEX account_scope ON account (agency, region_code, id);
        CREATE INDEX account_in_state ON account (state, agency, region_code, id);
        """
    )
    guard("account")
