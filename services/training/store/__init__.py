"""Tables and queries of training."""

from services.training.store.lists import sheet_verification
from services.training.store.tables import metadata
from services.training.store.unaccepted import unaccepted_sheet

__all__ = ["metadata", "sheet_verification", "unaccepted_sheet"]
