"""How long the registry keeps what it does not need for ever."""

from chassis.retention import Rule
from services.registry.domain.list_import import DECIDE_WITHIN_DAYS

RULES = (
    # Applied rows are people of their own by now; the others were to be sent again. Outcome and findings stay. A list
    # that may still be approved, today in any zone, or that a job applies at this moment is whole.
    Rule(
        "list_import_row",
        "uploaded_at",
        DECIDE_WITHIN_DAYS + 2,
        empties=("cells_sealed",),
        only="state <> 'approved'",
        through=("import_id", "list_import"),
    ),
)
