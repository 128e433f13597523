"""Tables and queries of notifications."""

from services.notifications.store.tables import metadata

__all__ = ["metadata"]
