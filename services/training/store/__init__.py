"""Tables and queries of training."""

from services.training.store.tables import metadata

__all__ = ["metadata"]
