"""How long follow-up keeps what it does not need for ever."""

from chassis.retention import YEAR_DAYS, Rule

RULES = (
    # What a mentor wrote about a family in words; dates, figures and states of the visit stay.
    Rule("visit", "recorded_at", 5 * YEAR_DAYS, empties=("note_sealed",)),
)
