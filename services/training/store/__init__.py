"""Tables and queries of training."""

from services.training.store.tables import metadata
from services.training.store.unaccepted import unaccepted_sheet

__all__ = ["metadata", "unaccepted_sheet"]
