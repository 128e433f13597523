"""How long the registry keeps what it does not need for ever."""

from chassis.retention import YEAR_DAYS, Rule

RULES = (
    # Applied rows are people of their own by now; the others were to be sent again. Outcome and findings stay.
    Rule(
        "list_import_row",
        "uploaded_at",
        YEAR_DAYS,
        empties=("cells_sealed",),
        only="state IN ('applied', 'rejected', 'withdrawn')",
        through=("import_id", "list_import"),
    ),
)
