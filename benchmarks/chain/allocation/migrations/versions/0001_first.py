"""Entitlements."""

from chassis.migrations import infrastructure, run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    infrastructure.create()
    run_script(
        """
        CREATE TABLE entitlement (
            id uuid PRIMARY KEY,
            programme_id uuid NOT NULL,
            person_id uuid NOT NULL,
            amount_rupiah bigint NOT NULL,
            state text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            UNIQUE (programme_id, person_id)
        );
        """
    )
