"""Postings."""

from chassis.migrations import infrastructure, run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    infrastructure.create()
    run_script(
        """
        CREATE TABLE posting (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            transaction_id uuid NOT NULL,
            account text NOT NULL,
            amount_rupiah bigint NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        """
    )
