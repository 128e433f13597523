"""Tables and queries of disbursement: SQL lives here and nowhere else."""

from services.disbursement.store import handover_tables, projection_tables
from services.disbursement.store.tables import metadata

__all__ = ["handover_tables", "metadata", "projection_tables"]
