"""Tables and queries, one module per aggregate."""

from services.followup.store.tables import metadata

__all__ = ["metadata"]
