"""How long the registry keeps what it does not need for ever."""

from chassis.retention import YEAR_DAYS, Rule

RULES = (
    # Applied rows are people of their own by now; the others were to be sent again. Outcome and findings stay.
    Rule(
        "list_import_row",
        "(SELECT uploaded_at FROM list_import WHERE id = import_id)",
        YEAR_DAYS,
        empties=("cells_sealed",),
        only="(SELECT state FROM list_import WHERE id = import_id) IN ('applied', 'rejected', 'withdrawn')",
    ),
)
